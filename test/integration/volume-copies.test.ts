/** Volumes as wholes with our own command line: export, import, clone, snapshot, restore, cut off and gone on with. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  const fill =
    "mkdir -p /v/a/b && echo text >/v/a/b/file && ln /v/a/b/file /v/link && ln -s a/b /v/soft && mkfifo /v/fifo && chown -R 1000:33 /v/a && chmod 700 /v && dd if=/dev/urandom of=/v/large bs=1M count=24 2>/dev/null";
  await engine.dockerOutput("run", "--rm", "--network", "none", "-v", "data:/v", "busybox", "sh", "-c", fill);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const tare = (...args: readonly string[]): Promise<string> => engine.tareOutput("volume", ...args);
const home = (name: string): string => join(engine.root, "volumes", name);
const file = (name: string): string => join(engine.dir, name);

/** Everything that tells one tree from another, but for the inodes. */
function tree(name: string): string {
  const look = ["find", ".", "-printf", "%P %y %m %U:%G %s %n %T@ %l\\n"];
  const facts = Bun.spawnSync(look, { cwd: join(home(name), "_data") }).stdout.toString();
  const sums = Bun.spawnSync(["sh", "-c", "find . -type f | sort | xargs sha256sum"], {
    cwd: join(home(name), "_data"),
  });
  return facts.split("\n").sort().join("\n") + sums.stdout.toString();
}

test("what is exported and imported is the same in everything, the volume's own directory included", async () => {
  await tare("export", "-o", file("data.tar"), "data");
  expect(await tare("import", "twin", file("data.tar"))).toBe("twin");
  expect(tree("twin")).toBe(tree("data"));
  const piped = await engine.tareWith(
    { stdin: readFileSync(file("data.tar")) },
    "volume",
    "import",
    "--label",
    "a=b",
    "piped",
    "-",
  );
  expect(piped.stdout).toBe("piped\n");
  expect(tree("piped")).toBe(tree("data"));
  expect(await engine.dockerOutput("volume", "inspect", "-f", "{{.Labels}}", "piped")).toBe("map[a:b]");
  const listed = Bun.spawnSync(["tar", "-tf", file("data.tar")])
    .stdout.toString()
    .split("\n");
  expect(listed).toContain("./a/b/file");
});

test("a compressed archive is imported as well, into an empty volume or in the place of contents when that is wanted", async () => {
  Bun.spawnSync(["gzip", "-kf", file("data.tar")]);
  await engine.dockerOutput("volume", "create", "--label", "own=label", "target");
  expect(await tare("import", "target", file("data.tar.gz"))).toBe("target");
  expect(tree("target")).toBe(tree("data"));
  const again = await engine.tare("volume", "import", "target", file("data.tar.gz"));
  expect([again.exitCode, again.stderr]).toEqual([
    1,
    "Error response from daemon: volume target has contents already: they would have to be replaced\n",
  ]);
  writeFileSync(join(home("target"), "_data/extra"), "");
  expect(await tare("import", "--replace", "target", file("data.tar.gz"))).toBe("target");
  expect(tree("target")).toBe(tree("data"));
  expect(await engine.dockerOutput("volume", "inspect", "-f", "{{.Labels}}", "target")).toBe("map[own:label]");
});

test("an export that was cut off is gone on with, as long as the volume is the same", async () => {
  const whole = readFileSync(file("data.tar"));
  const [, tag = ""] = /etag: "([0-9a-f]{64})"/i.exec(await head("data")) ?? [];
  const part = `${file("resumed.tar")}.${tag}.part`;
  writeFileSync(part, whole.subarray(0, 1_000_001));
  const before = statSync(part).ino;
  await tare("export", "-o", file("resumed.tar"), "data");
  expect(readFileSync(file("resumed.tar")).equals(whole)).toBe(true);
  expect(statSync(file("resumed.tar")).ino).toBe(before);
  const stale = `${file("stale.tar")}.${"0".repeat(64)}.part`;
  writeFileSync(stale, "from another state");
  await tare("export", "-o", file("stale.tar"), "data");
  expect(readFileSync(file("stale.tar")).equals(whole)).toBe(true);
  expect(existsSync(stale)).toBe(false);
});

/** The head of an export's answer. */
async function head(volume: string): Promise<string> {
  const curl = ["curl", "-s", "-D", "-", "-o", "/dev/null", "--unix-socket", engine.socketPath];
  return Bun.spawnSync([...curl, `http://tare/volumes/${volume}/export`]).stdout.toString();
}

test("an engine that dies during an import leaves no half of a volume, and the same import goes on", async () => {
  const importing = engine.tare("volume", "import", "late", file("data.tar"));
  const early = await firstFile("late");
  const { ino } = statSync(early);
  await engine.kill();
  expect((await importing).exitCode).not.toBe(0);
  await engine.begin();
  expect(await engine.dockerOutput("volume", "ls", "-q", "-f", "name=late")).toBe("");
  expect(existsSync(early)).toBe(true);
  await tare("import", "late", file("data.tar"));
  expect(tree("late")).toBe(tree("data"));
  expect(statSync(join(home("late"), "_data/a/b/file")).nlink).toBe(2);
  expect(statSync(join(home("late"), "_data/a/b/file")).ino).toBe(ino);
});

/** The first file that an import has finished: the archive's order is that of names, and the large one comes last. */
async function firstFile(volume: string): Promise<string> {
  const staged = join(engine.root, "volumes/.staged");
  for (;;) {
    const found = readdirSync(staged).find((name) => name.startsWith(`${volume}~`));
    const path = join(staged, found ?? "none", "_data/a/b/file");
    if (existsSync(join(staged, found ?? "none", "_data/large"))) return path;
    await Bun.sleep(1);
  }
}

test("a damaged archive is refused and leaves nothing", async () => {
  writeFileSync(file("bad.tar"), readFileSync(file("data.tar")).subarray(0, 5_000_000));
  const { exitCode, stderr } = await engine.tare("volume", "import", "bad", file("bad.tar"));
  expect(exitCode).toBe(1);
  expect(stderr).not.toBe("");
  expect(readdirSync(join(engine.root, "volumes")).filter((name) => name.startsWith("bad"))).toEqual([]);
});

test("clone, snapshot and restore", async () => {
  expect(await tare("clone", "--label", "of=data", "data", "clone")).toBe("clone");
  expect(tree("clone")).toBe(tree("data"));
  expect(await tare("snapshot", "clone", "before")).toBe("before");
  expect(await tare("snapshot", "clone")).toMatch(/^\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\dZ$/);
  const listed = (await tare("snapshot", "--list", "clone")).split("\n");
  expect(listed.length).toBe(3);
  expect(listed[1]).toMatch(/^before +\d{4}-/);
  await engine.dockerOutput("run", "--rm", "--network", "none", "-v", "clone:/v", "busybox", "rm", "-r", "/v/a");
  expect(tree("clone")).not.toBe(tree("data"));
  expect(await tare("restore", "clone", "before")).toBe("clone");
  expect(tree("clone")).toBe(tree("data"));
  expect(await tare("snapshot", "--rm", "clone", "before")).toBe("before");
  const gone = await engine.tare("volume", "restore", "clone", "before");
  expect(gone.stderr).toBe("Error response from daemon: volume clone has no snapshot before\n");
});

test("a volume of a running container is cloned and exported, never replaced", async () => {
  await tare("clone", "data", "busy");
  await tare("snapshot", "busy", "now");
  await engine.dockerOutput(
    "run",
    "-d",
    "--name",
    "user",
    "--network",
    "none",
    "-v",
    "busy:/v",
    "busybox",
    "sleep",
    "1000",
  );
  const { exitCode, stderr } = await engine.tare("volume", "restore", "busy", "now");
  expect([exitCode, stderr]).toEqual([
    1,
    "Error response from daemon: volume busy is in use by a running container: stop it first\n",
  ]);
  await tare("export", "-o", file("busy.tar"), "busy");
  await engine.dockerOutput("rm", "-f", "user");
  expect(await tare("restore", "busy", "now")).toBe("busy");
});

test("our own command line says of volumes what docker's says", async () => {
  expect(await tare("create", "--label", "x=y", "mine")).toBe("mine");
  expect(await tare("ls", "-q", "-f", "label=x")).toBe("mine");
  expect(await tare("ls", "--format", "{{.Name}} {{.Driver}} {{.Labels}}", "-f", "name=mine")).toBe("mine local x=y");
  expect(JSON.parse(await tare("inspect", "mine"))).toEqual(
    JSON.parse(await engine.dockerOutput("volume", "inspect", "mine")),
  );
  expect(await engine.tareOutput("inspect", "-f", "{{.Scope}}", "mine")).toBe("local");
  expect(await tare("rm", "mine")).toBe("mine");
  expect((await engine.tare("volume", "rm", "mine")).stderr).toBe(
    "Error response from daemon: get mine: no such volume\n",
  );
  expect(await tare("rm", "-f", "mine")).toBe("mine");
  const anonymous = await tare("create");
  expect(await tare("prune", "-f")).toBe(`Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 0B`);
});
