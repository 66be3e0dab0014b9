/** Volumes as users know them: what is in them, how long they live, who may have them, and what a killed engine makes of it. */

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";
import { makeImage } from "../security/hostile-image.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  await makeImage(engine, { name: "seeded", arrange: arrangeData, changes: ["VOLUME /data", 'CMD ["sh"]'] });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await engine.removeContainers();
  await docker("volume", "prune", "-af");
});

/** What the image `seeded` has in its volume. */
function arrangeData(root: string): void {
  const data = join(root, "data");
  mkdirSync(join(data, "sub"), { recursive: true });
  writeFileSync(join(data, "sub/file"), "seed\n");
  symlinkSync("sub/file", join(data, "link"));
  chmodSync(join(data, "sub/file"), 0o640);
  chmodSync(data, 0o711);
  for (const path of ["sub/file", "sub", "."]) chownSync(join(data, path), 1000, 1000);
}

const docker = (...args: readonly string[]): Promise<string> => engine.dockerOutput(...args);
const runs = (...args: readonly string[]): Promise<string> => docker("run", "--rm", "--network", "none", ...args);
const volumes = async (): Promise<string[]> => (await docker("volume", "ls", "-q")).split("\n").filter(Boolean);
const mountsOf = async (container: string): Promise<Record<string, unknown>[]> =>
  JSON.parse(await docker("inspect", "--format", "{{json .Mounts}}", container));

/** In the database of an engine that is dead. */
function forget(sql: string): void {
  using db = new Database(join(engine.root, "tare.db"));
  db.run("PRAGMA foreign_keys = ON");
  db.run(sql);
}

test("what an image declares a volume is one, with the image's files, owners and modes, and goes with its container", async () => {
  await docker("create", "--name", "cc", "seeded", "true");
  const [mount] = await mountsOf("cc");
  expect(mount).toMatchObject({ Type: "volume", Destination: "/data", Driver: "local", Mode: "", RW: true });
  expect(await volumes()).toEqual([String(mount?.["Name"])]);
  await docker("rm", "cc");
  expect((await volumes()).length).toBe(1);
  const look = "stat -c '%u %a %n' /data /data/sub /data/sub/file; cat /data/sub/file; readlink /data/link";
  expect(await runs("seeded", "sh", "-c", look)).toBe(
    "1000 711 /data\n1000 755 /data/sub\n1000 640 /data/sub/file\nseed\nsub/file",
  );
  expect((await volumes()).length).toBe(1);
  await docker("create", "--name", "cc", "seeded", "true");
  await docker("rm", "-v", "cc");
  expect((await volumes()).length).toBe(1);
});

test("the list of containers tells where volumes lie but those that only a path was given for", async () => {
  await docker("create", "-v", "named:/n", "--mount", "type=volume,target=/m", "-v", "/p", "busybox");
  const response = await fetch("http://engine/v1.51/containers/json?all=1", { unix: engine.socketPath });
  const [{ Mounts: mounts }]: [{ Mounts: { Destination: string; Name: string; Source: string }[] }] = JSON.parse(
    await response.text(),
  );
  const home = join(engine.root, "volumes");
  expect(mounts.map(({ Destination, Name, Source }) => [Destination, Source.replace(Name, "NAME")])).toEqual([
    ["/n", `${home}/NAME/_data`],
    ["/m", `${home}/NAME/_data`],
    ["/p", ""],
  ]);
});

test("a volume with a name outlives its containers and the engine", async () => {
  await runs("-v", "kept:/v", "busybox", "sh", "-c", "echo data >/v/file");
  await engine.restart();
  expect(await runs("-v", "kept:/v:ro", "busybox", "cat", "/v/file")).toBe("data");
  await docker("create", "--name", "cc", "-v", "kept:/v", "busybox");
  await docker("rm", "-v", "cc");
  expect(await volumes()).toEqual(["kept"]);
});

test("an empty volume is filled even where it is mounted read-only, a full one never, and none that is not to be", async () => {
  expect(await runs("-v", "first:/data:ro", "seeded", "cat", "/data/sub/file")).toBe("seed");
  await runs("-v", "own:/v", "busybox", "touch", "/v/mine");
  expect(await runs("-v", "own:/data", "seeded", "ls", "/data")).toBe("mine");
  expect(await runs("-v", "bare:/data:nocopy", "seeded", "ls", "/data")).toBe("");
  const mount = "type=volume,source=bare,target=/data,volume-nocopy";
  expect(await runs("--mount", mount, "seeded", "ls", "/data")).toBe("");
});

test("a volume is never put over a file of the image, and a create that fails leaves no volume of its own", async () => {
  for (const flags of [
    ["-v", "named:/etc/passwd"],
    ["-v", "/etc/passwd"],
  ]) {
    const { exitCode, stderr } = await engine.docker("create", ...flags, "busybox");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/source \S+\/etc\/passwd is not directory|cannot mount volume over existing file/);
  }
  expect(await volumes()).toEqual(["named"]);
  await eventually(async () => !engine.residue().some((line) => line.startsWith("mount")));
});

test("what a container has, running or not, cannot be removed", async () => {
  const id = await docker("create", "-v", "used:/v", "busybox");
  for (const force of [[], ["-f"]]) {
    const { exitCode, stderr } = await engine.docker("volume", "rm", ...force, "used");
    expect([exitCode, stderr]).toEqual([1, `Error response from daemon: remove used: volume is in use - [${id}]\n`]);
  }
  expect(await docker("volume", "prune", "-af")).toBe("Total reclaimed space: 0B");
  await docker("rm", id);
  expect(await docker("volume", "rm", "used")).toBe("used");
});

test("prune takes what nobody has named, and with --all everything that is unused", async () => {
  await docker("volume", "create", "named");
  await docker("volume", "create", "--label", "keep=yes", "labelled");
  const anonymous = await docker("volume", "create");
  writeFileSync(join(engine.root, "volumes", anonymous, "_data/file"), "12345");
  expect(await docker("volume", "prune", "-f")).toBe(`Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 5B`);
  expect(await docker("volume", "prune", "-af", "--filter", "label!=keep")).toContain("Deleted Volumes:\nnamed\n");
  expect(await volumes()).toEqual(["labelled"]);
});

test("--volumes-from gives what the other has, an anonymous volume lives as long as the last of them", async () => {
  await docker("create", "--name", "donor", "-v", "named:/n", "-v", "/tmp:/t:ro", "seeded");
  const look = "touch /n/x 2>&1; touch /t/x 2>&1; cat /data/sub/file";
  expect(await runs("--volumes-from", "donor", "busybox", "sh", "-c", look)).toBe(
    "touch: /t/x: Read-only file system\nseed",
  );
  expect(await runs("--volumes-from", "donor:ro", "busybox", "sh", "-c", "touch /n/y 2>&1 || ls /n")).toBe(
    "touch: /n/y: Read-only file system\nx",
  );
  await docker("create", "--name", "heir", "--volumes-from", "donor", "busybox");
  await docker("rm", "-v", "donor");
  expect((await volumes()).length).toBe(2);
  await docker("rm", "-v", "heir");
  expect(await volumes()).toEqual(["named"]);
});

test.each([
  [["--volumes-from", "nobody"], "No such container: nobody"],
  [["--volumes-from", "cc:bad"], "invalid mode: bad"],
  [["--mount", "type=volume,source=x,target=/a"], "create x: volume name is too short"],
  [["--mount", "type=volume,source=named,target=/a,volume-opt=foo=bar"], 'create named: invalid option: "foo"'],
  [["--mount", "type=bind,source=/no/such,target=/a"], "bind source path does not exist: /no/such"],
  [["--mount", "type=image,source=busybox,target=/a,image-subpath=../x"], "subpath must be a relative path within"],
])("create with %j is refused and leaves nothing", async (flags, message) => {
  await docker("create", "--name", "cc", "busybox");
  const { exitCode, stderr } = await engine.docker("create", ...flags, "busybox");
  expect(exitCode).toBe(1);
  expect(stderr).toContain(message);
  expect((await docker("ps", "-aq")).split("\n").length).toBe(1);
  expect(await volumes()).toEqual([]);
});

test("a volume with options is mounted as long as a container runs with it, also across a death of the engine", async () => {
  const options = ["-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=2m,mode=750"];
  await docker("volume", "create", ...options, "scratch");
  const target = join(engine.root, "volumes/scratch/_data");
  const mounted = () => engine.residue().filter((line) => line === `mount ${target}`).length;
  expect(mounted()).toBe(0);
  await docker("run", "-d", "--name", "one", "-v", "scratch:/s", "busybox", "sleep", "1000");
  await docker("run", "-d", "--name", "two", "-v", "scratch:/s", "busybox", "sleep", "1000");
  await docker("exec", "one", "touch", "/s/shared");
  expect(await docker("exec", "two", "sh", "-c", "ls /s; df -k /s | tail -n 1 | awk '{ print $2 }'")).toBe(
    "shared\n2048",
  );
  await engine.restart();
  expect(mounted()).toBe(1);
  await docker("rm", "-f", "one");
  expect(mounted()).toBe(1);
  await docker("rm", "-f", "two");
  await eventually(async () => mounted() === 0);
});

test("a volume that cannot be mounted fails the start with the reason, and the container is as before", async () => {
  await docker("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/no/such", "gone");
  await docker("create", "--name", "cc", "-v", "gone:/g", "busybox", "true");
  const { stderr } = await engine.docker("start", "cc");
  expect(stderr).toContain("failed to mount local volume: mount /no/such:");
  expect(await docker("inspect", "--format", "{{.State.Status}}", "cc")).toBe("created");
});

test("read-only reaches what is mounted below a bind, unless it is not to", async () => {
  const source = join(engine.dir, "tree");
  mkdirSync(join(source, "below"), { recursive: true });
  await output(["mount", "-t", "tmpfs", "tmpfs", join(source, "below")]);
  try {
    const bind = (more: string) => ["--mount", `type=bind,source=${source},target=/b,${more}`];
    const write = "touch /b/x 2>/dev/null || echo ro; touch /b/below/x 2>/dev/null || echo ro";
    expect(await runs(...bind("readonly"), "busybox", "sh", "-c", write)).toBe("ro\nro");
    expect(await runs(...bind("readonly,bind-recursive=writable"), "busybox", "sh", "-c", write)).toBe("ro");
    expect(existsSync(join(source, "below/x"))).toBe(true);
    expect(await runs(...bind("bind-recursive=disabled"), "busybox", "ls", "/b/below")).toBe("");
    const forced = "readonly,bind-recursive=readonly,bind-propagation=rprivate";
    expect(await runs(...bind(forced), "busybox", "sh", "-c", write)).toBe("ro\nro");
  } finally {
    await output(["umount", join(source, "below")]);
  }
});

test("a tmpfs in the place of an image's volume is a tmpfs, and no volume is made", async () => {
  expect(await runs("--tmpfs", "/data:size=1m", "seeded", "sh", "-c", "mount | grep -c 'tmpfs on /data '")).toBe("1");
  await docker("create", "--name", "cc", "--mount", "type=tmpfs,target=/data", "seeded");
  expect((await mountsOf("cc")).map(({ Type }) => Type)).toEqual(["tmpfs"]);
  expect(await volumes()).toEqual([]);
});

test("mounts that lie in each other are all there, whatever the order they are named in", async () => {
  const look = "ls /a /a/b/c; mount | grep -c ' /a'";
  const found = await runs("-v", "inner:/a/b/c", "--tmpfs", "/a/b", "-v", "outer:/a", "busybox", "sh", "-c", look);
  expect(found).toBe("/a:\nb\n\n/a/b/c:\n3");
});

test("every end of a container's life with a volume is told", async () => {
  const since = String(Date.now() / 1000);
  await runs("-v", "told:/t:ro", "-v", "/anonymous", "busybox", "true");
  await docker("volume", "rm", "told");
  const until = String(Date.now() / 1000);
  const format = '{{.Action}} {{.Actor.Attributes.destination}} {{index .Actor.Attributes "read/write"}}';
  const events = await docker(
    "events",
    "--since",
    since,
    "--until",
    until,
    "--filter",
    "type=volume",
    "--format",
    format,
  );
  expect(
    events
      .replaceAll("<no value>", "")
      .split("\n")
      .map((line) => line.trim()),
  ).toEqual([
    "create",
    "create",
    "mount /t false",
    "mount /anonymous true",
    "unmount",
    "unmount",
    "destroy",
    "destroy",
  ]);
});

test("system df counts volumes with what they weigh and who has them", async () => {
  await runs("-v", "heavy:/h", "busybox", "dd", "if=/dev/zero", "of=/h/file", "bs=1k", "count=4");
  await docker("create", "-v", "heavy:/h", "busybox");
  expect(await docker("system", "df", "-v")).toMatch(/heavy +1 +4.096kB/);
});

test("an engine that died while it copied an image's files leaves an empty volume, which is filled the next time", async () => {
  await docker("volume", "create", "half");
  const staged = join(engine.root, "volumes/half/staged~fill");
  mkdirSync(join(staged, "partial"), { recursive: true });
  await engine.restart();
  expect(existsSync(staged)).toBe(false);
  expect(await runs("-v", "half:/data", "seeded", "cat", "/data/sub/file")).toBe("seed");
});

test("the volumes of a container whose record a dead engine had already deleted go at the next start", async () => {
  const id = await docker("create", "--name", "cc", "seeded");
  const [name = ""] = await volumes();
  await engine.kill();
  forget(`DELETE FROM containers WHERE id = '${id}'`);
  await engine.begin();
  expect(await volumes()).toEqual([]);
  expect(readdirSync(join(engine.root, "volumes"))).not.toContain(name);
});

test("a directory whose record was lost is a volume again, with all its files", async () => {
  await runs("-v", "lost:/l", "busybox", "sh", "-c", "echo precious >/l/file");
  await engine.kill();
  forget("DELETE FROM volumes");
  await engine.begin();
  expect(await runs("-v", "lost:/l", "busybox", "cat", "/l/file")).toBe("precious");
  expect(readFileSync(join(engine.root, "volumes/lost/_data/file"), "utf8")).toBe("precious\n");
});
