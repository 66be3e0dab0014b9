/**
 * SECURITY row 13, a poisoned build cache (CVE-2024-24557): an image whose history tells of the very instructions of a file, with other
 * files in its layers. Who has loaded or pulled such an image still gets what the instructions make.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeTar } from "../../src/base/tar/writer.ts";
import { type ContextFiles, classicBuild } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";

let engine: TestEngine;
let dir: string;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  dir = mkdtempSync(join("/var/tmp", "tare-poisoned-"));
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

interface ArchiveManifest {
  readonly Config: string;
  readonly Layers: readonly string[];
}

const FILES: readonly (readonly [string, ContextFiles])[] = [
  ["a copied file", { Dockerfile: "FROM busybox\nCOPY f /f\n", f: "as written\n" }],
  ["a command's file", { Dockerfile: 'FROM busybox\nRUN echo "as written" > /f\n' }],
  ["a copied file on nothing", { Dockerfile: "FROM scratch\nCOPY f /f\nHEALTHCHECK NONE\n", f: "as written\n" }],
];

test.each(FILES)("%s is not taken from an image that says it has it", async (_, files) => {
  const honest = await classicBuild(engine, files, { t: "victim:latest" });
  await poison("victim:latest");
  expect(await contents("victim:latest")).toBe("poisoned\n");
  await fetch("http://docker/v1.47/build/prune?all=1", { method: "POST", unix: engine.socketPath });
  await engine.dockerOutput("rmi", "-f", honest.imageId);
  for (const query of [{}, { cachefrom: JSON.stringify(["victim:latest"]) }]) {
    const again = await classicBuild(engine, files, { ...query, nocache: "0" });
    expect(again.error).toBe("");
    expect(await contents(again.imageId)).toBe("as written\n");
  }
});

/** Loads, under the same name, the same configuration and history with another file in the last layer. */
async function poison(name: string): Promise<void> {
  const whole = join(dir, "whole");
  await output(["mkdir", "-p", whole]);
  await engine.dockerOutput("save", "-o", join(dir, "save.tar"), name);
  await output(["tar", "-C", whole, "-xf", join(dir, "save.tar")]);
  const [manifest] = JSON.parse(readFileSync(join(whole, "manifest.json"), "utf8")) as [ArchiveManifest];
  const config = JSON.parse(readFileSync(join(whole, manifest.Config), "utf8")) as { rootfs: { diff_ids: string[] } };
  const layer = writeTar([{ type: "file", name: "f", data: Buffer.from("poisoned\n") }]);
  config.rootfs.diff_ids.splice(-1, 1, `sha256:${createHash("sha256").update(layer).digest("hex")}`);
  const layers = [...manifest.Layers.slice(0, -1), "poisoned.tar"];
  writeFileSync(join(whole, "poisoned.tar"), layer);
  writeFileSync(join(whole, "poisoned.json"), JSON.stringify(config));
  writeFileSync(
    join(whole, "manifest.json"),
    JSON.stringify([{ Config: "poisoned.json", RepoTags: [name], Layers: layers }]),
  );
  rmSync(join(whole, "index.json"), { force: true });
  rmSync(join(whole, "oci-layout"), { force: true });
  await output(["tar", "-C", whole, "-cf", join(dir, "poisoned.tar"), "."]);
  await engine.dockerOutput("load", "-i", join(dir, "poisoned.tar"));
  rmSync(whole, { recursive: true });
}

/** Of the file f, whatever else the image has. */
async function contents(image: string): Promise<string> {
  const container = await engine.dockerOutput("create", image, "x");
  try {
    await engine.dockerOutput("cp", `${container}:/f`, join(dir, "f"));
    return readFileSync(join(dir, "f"), "utf8");
  } finally {
    await engine.dockerOutput("rm", container);
  }
}
