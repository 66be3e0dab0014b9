/** Parts of volumes, and images, as mounts: what is seen of them, what they are filled with, how long they stay. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { makeImage } from "../security/hostile-image.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  await makeImage(engine, { name: "seeded", arrange: arrangeData });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await engine.removeContainers();
  await docker("volume", "prune", "-af");
});

/** What the images have in /data. */
function arrangeData(root: string): void {
  const data = join(root, "data");
  mkdirSync(join(data, "sub"), { recursive: true });
  writeFileSync(join(data, "sub/file"), "seed\n");
  symlinkSync("sub/file", join(data, "link"));
  chmodSync(data, 0o711);
  chownSync(data, 1000, 1000);
}

const docker = (...args: readonly string[]): Promise<string> => engine.dockerOutput(...args);
const runs = (...args: readonly string[]): Promise<string> => docker("run", "--rm", "--network", "none", ...args);

test("a subpath shows a directory or a file of a volume, and nothing outside of it", async () => {
  await runs(
    "-v",
    "data:/v",
    "busybox",
    "sh",
    "-c",
    "mkdir -p /v/a/b; echo hi >/v/a/b/file; ln -s a /v/in; ln -s /etc /v/out",
  );
  const at = (subpath: string) => ["--mount", `type=volume,source=data,target=/x,volume-subpath=${subpath}`];
  expect(await runs(...at("a/b"), "busybox", "cat", "/x/file")).toBe("hi");
  expect(await runs(...at("in/b/file"), "busybox", "cat", "/x")).toBe("hi");
  await expect(runs(...at("out"), "busybox", "true")).rejects.toThrow("path concatenation escapes the base directory");
  await expect(runs(...at("nope"), "busybox", "true")).rejects.toThrow("/nope: no such file or directory");
  await eventually(async () => !engine.residue().some((line) => line.startsWith("mount")));
});

test("an empty directory of a volume is filled as a volume is, where the image has something in its place", async () => {
  await runs(
    "-v",
    "data:/v",
    "busybox",
    "sh",
    "-c",
    "mkdir /v/a /v/full; touch /v/full/mine /v/file; ln -s a /v/in; ln -s / /v/out",
  );
  const at = (subpath: string, target = "/data") => [
    "--mount",
    `type=volume,source=data,target=${target},volume-subpath=${subpath}`,
  ];
  expect(await runs(...at("in"), "seeded", "sh", "-c", "cat /data/sub/file; stat -c '%u %a' /data")).toBe(
    "seed\n1000 711",
  );
  expect(await runs("-v", "data:/v", "busybox", "ls", "/v", "/v/a")).toBe(
    "/v:\na\nfile\nfull\nin\nout\n\n/v/a:\nlink\nsub",
  );
  expect(await runs(...at("full"), "seeded", "ls", "/data")).toBe("mine");
  expect(await runs(...at("file", "/etc/passwd"), "seeded", "cat", "/etc/passwd")).toBe("");
  await docker("create", ...at("nope"), "seeded", "true");
  await expect(docker("create", ...at("out"), "seeded", "true")).rejects.toThrow(
    "failed to populate volume: path concatenation escapes the base directory",
  );
});

test("an image is mounted read-only, whole or in part, and stays as long as a container has it", async () => {
  await docker(
    "create",
    "--name",
    "cc",
    "--mount",
    "type=image,source=seeded,target=/i",
    "busybox",
    "cat",
    "/i/data/sub/file",
  );
  const [mount] = JSON.parse(await docker("inspect", "--format", "{{json .Mounts}}", "cc"));
  expect(mount).toMatchObject({ Type: "image", Name: "seeded", Destination: "/i", RW: false });
  expect((await engine.docker("rmi", "seeded")).stderr).toContain("is using its referenced image");
  expect(await docker("start", "-a", "cc")).toBe("seed");
  const part = "type=image,source=seeded,target=/i,image-subpath=data/sub";
  expect(await runs("--mount", part, "busybox", "sh", "-c", "ls /i; touch /i/x 2>&1 || true")).toBe(
    "file\ntouch: /i/x: Read-only file system",
  );
  await eventually(async () => !engine.residue().some((line) => line.startsWith("mount")));
});

test("a container that mounts an image runs again when the image has been removed by force", async () => {
  await makeImage(engine, { name: "doomed", arrange: arrangeData, changes: ["LABEL doomed=yes"] });
  const mount = "type=image,source=doomed,target=/i,image-subpath=data";
  await docker("create", "--name", "cc", "--mount", mount, "busybox", "cat", "/i/sub/file");
  await docker("rmi", "-f", "doomed");
  await engine.restart();
  expect(await docker("start", "-a", "cc")).toBe("seed");
});
