/**
 * SECURITY row 23, state directory permissions (CVE-2021-41091, CVE-2024-25621, CVE-2021-21284): a user of the host who can walk into image
 * layers finds set-uid programs of his own making there. Looked at with the eyes of nobody.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { output, type Result, run } from "../harness/process.ts";
import { makeImage } from "./hostile-image.ts";

let engine: TestEngine;
let pid: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, {
    name: "setuid",
    exploits: { "/bin/become-root": "overwrite" },
    arrange: (root) => chmodSync(join(root, "bin/become-root"), 0o4755),
  });
  const id = await engine.dockerOutput("run", "-d", "setuid", "sleep", "1000");
  await engine.dockerOutput("exec", "-d", id, "sleep", "1000");
  pid = await engine.dockerOutput("inspect", "-f", "{{.State.Pid}}", id);
  // The test's own directory must not be what keeps nobody out.
  chmodSync(engine.dir, 0o755);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** Through a shell, since setpriv itself still has root's capabilities when it runs its command. */
const asNobody = (...command: readonly string[]): Promise<Result> =>
  run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "sh", "-c", '"$@"', "sh", ...command]);

test("nobody can list or enter what lies in the engine's directories", async () => {
  const inside = [engine.root, engine.run].flatMap((dir) => readdirSync(dir).map((name) => join(dir, name)));
  const directories = inside.filter((path) => statSync(path).isDirectory());
  expect(directories.length).toBeGreaterThan(4);
  for (const path of [engine.root, engine.run, ...directories]) {
    expect((await asNobody("ls", path)).stderr).toContain("Permission denied");
  }
  for (const path of [engine.root, ...directories]) {
    expect((await asNobody("test", "-e", `${path}/.`)).exitCode).toBe(1);
  }
});

test("a set-uid program of a layer cannot be reached by any path", async () => {
  const found = await output(["find", engine.dir, "-name", "become-root", "-perm", "-4000"]);
  // In the root of the container that runs; the layer's own file shows no program.
  expect(found).toContain("/rootfs/bin/become-root");
  const paths = [...found.split("\n"), `/proc/${pid}/root/bin/become-root`];
  for (const path of paths) {
    expect(statSync(path).mode & 0o4000).toBe(0o4000);
    expect((await asNobody(path, "x")).stderr).toContain("Permission denied");
  }
});

test("files with secrets of containers are for root alone", async () => {
  const secret = ["config.json", "process.json", "container.log", "tare.db*"].flatMap((name) => ["-o", "-name", name]);
  const tree = [
    "find",
    engine.root,
    engine.run,
    "-name",
    "rootfs",
    "-prune",
    "-o",
    "-path",
    "*/layers/*",
    "-prune",
    "-o",
  ];
  const files = (await output([...tree, "(", ...secret.slice(1), ")", "-print"])).split("\n");
  expect(files.length).toBeGreaterThan(4);
  const readable = files.filter((path) => (statSync(path).mode & 0o007) !== 0);
  expect(readable).toEqual([]);
});

test("directories that were there before, open to all, are closed", async () => {
  await using loose = await TestEngine.start();
  await loose.stop();
  const loosened = [loose.root, join(loose.root, "containers"), join(loose.run, "containers")];
  for (const dir of loosened) chmodSync(dir, 0o777);
  await loose.begin();
  expect(loosened.map((dir) => (statSync(dir).mode & 0o777).toString(8))).toEqual(["710", "710", "710"]);
});
