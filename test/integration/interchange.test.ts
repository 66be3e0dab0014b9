/**
 * Archives travel between tare and other tools without a change: what skopeo (and with the same library podman, buildah and CRI-O) writes
 * loads and runs here, and it reads what we save. Skopeo writes configurations anew for OCI images; layers stay the same in every bit.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";

const NAME = "interchange:1";

let engine: TestEngine;
let dir: string;
let id: string;
/** DiffIDs, as JSON. */
let layers: string;
/** What `docker save` here wrote. */
let ours: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  dir = mkdtempSync("/var/tmp/tare-interchange-");
  await ensureBusybox(engine.dockerEnv());
  // Two layers, the upper one with a deletion, a hard link, and a name of arbitrary bytes.
  const change = 'rm /etc/group; echo hi >/a; ln /a /b; mkdir -p "/d/$(printf "\\377")"; chmod 4711 /a';
  await engine.dockerOutput("run", "--name", "maker", "busybox", "sh", "-c", change);
  await engine.dockerOutput("commit", "-c", 'CMD ["cat", "/b"]', "-c", "LABEL l=v", "maker", NAME);
  await engine.dockerOutput("rm", "maker");
  id = await engine.dockerOutput("image", "inspect", "-f", "{{.Id}}", NAME);
  layers = await layersOf(NAME);
  ours = join(dir, "ours.tar");
  await engine.dockerOutput("save", "-o", ours, NAME);
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  const images = await engine.dockerOutput("images", "-q", NAME);
  if (images !== "") await engine.dockerOutput("rmi", "-f", ...new Set(images.split("\n")));
});

const layersOf = (image: string): Promise<string> =>
  engine.dockerOutput("image", "inspect", "-f", "{{json .RootFS.Layers}}", image);

const skopeo = (...args: string[]): Promise<string> => output(["skopeo", "--insecure-policy", ...args]);

/** Skopeo's copy of our archive in another format. */
async function converted(name: string, target: string, ...options: string[]): Promise<string> {
  const path = join(dir, name);
  rmSync(path, { force: true });
  await skopeo("copy", ...options, `docker-archive:${ours}`, target.replace("PATH", path));
  return path;
}

/** Loads, and looks whether every file is the same and the command runs; returns what `load` said. */
async function expectLoads(path: string): Promise<string> {
  const said = await engine.dockerOutput("load", "-i", path);
  const image = said.replace(/^Loaded image( ID)?: /, "");
  expect(await layersOf(image)).toBe(layers);
  expect(await engine.dockerOutput("run", "--rm", image)).toBe("hi");
  const listing = "test ! -e /etc/group && stat -c '%a %h' /a; cd /d; set -- *; printf %s \"$1\" | od -An -tx1";
  expect(await engine.dockerOutput("run", "--rm", image, "sh", "-c", listing)).toBe("4711 2\n ff");
  if (said.includes(" ID")) await engine.dockerOutput("rmi", image);
  return said;
}

describe("what skopeo writes loads and runs", () => {
  test("as a docker-archive", async () => {
    const path = await converted("docker.tar", `docker-archive:PATH:${NAME}`);
    expect(await expectLoads(path)).toBe(`Loaded image: ${NAME}`);
    expect(await engine.dockerOutput("image", "inspect", "-f", "{{.Id}}", NAME)).toBe(id);
  });

  test("as an OCI archive with gzip layers and a full name", async () => {
    const path = await converted("oci.tar", `oci-archive:PATH:docker.io/library/${NAME}`);
    expect(await expectLoads(path)).toBe(`Loaded image: ${NAME}`);
  });

  test("as an OCI archive with zstd layers, named by a bare tag, which is no name", async () => {
    const compress = ["--dest-compress-format", "zstd", "--dest-compress-level", "3"];
    const path = await converted("zstd.tar", "oci-archive:PATH:latest", ...compress);
    expect(await expectLoads(path)).toStartWith("Loaded image ID: sha256:");
  });

  test("as an OCI layout in a gzip-compressed tar", async () => {
    const layout = join(dir, "layout");
    mkdirSync(layout);
    await skopeo("copy", `docker-archive:${ours}`, `oci:${layout}:${NAME}`);
    const path = join(dir, "layout.tar.gz");
    await output(["tar", "-C", layout, "-czf", path, "."]);
    expect(await expectLoads(path)).toBe(`Loaded image: ${NAME}`);
  });
});

describe("what we save", () => {
  test("is read by skopeo as a docker-archive: the same configuration and layers", async () => {
    const config = JSON.parse(await skopeo("inspect", "--config", "--raw", `docker-archive:${ours}`));
    expect(JSON.stringify(config.rootfs.diff_ids)).toBe(layers);
    expect(config.config).toMatchObject({ Cmd: ["cat", "/b"], Labels: { l: "v" } });
  });

  test("is an OCI layout in which skopeo finds the image by its tag, every digest as promised", async () => {
    const layout = join(dir, "unpacked");
    mkdirSync(layout);
    await output(["tar", "-C", layout, "-xf", ours]);
    const copy = join(dir, "copy");
    await skopeo("copy", `oci:${layout}:1`, `dir:${copy}`);
    expect(readFileSync(join(copy, id.slice("sha256:".length)), "utf8")).toContain('"cat"');
  });

  test("of several images is told apart by name", async () => {
    await engine.dockerOutput("load", "-i", ours);
    const both = join(dir, "both.tar");
    await engine.dockerOutput("save", "-o", both, "busybox", NAME);
    const cmdOf = async (name: string): Promise<unknown> =>
      JSON.parse(await skopeo("inspect", "--config", `docker-archive:${both}:${name}`)).config.Cmd;
    expect(await cmdOf("busybox:latest")).toEqual(["sh"]);
    expect(await cmdOf(NAME)).toEqual(["cat", "/b"]);
  });

  test("loads again as it was, also with our own command line on both ends", async () => {
    expect(await expectLoads(ours)).toBe(`Loaded image: ${NAME}`);
    const again = join(dir, "again.tar");
    await engine.tareOutput("save", "-o", again, NAME);
    expect(readFileSync(again).equals(readFileSync(ours))).toBe(true);
    await engine.tareOutput("rmi", NAME);
    expect(await engine.tareOutput("load", "-i", again)).toBe(`Loaded image: ${NAME}`);
  });
});
