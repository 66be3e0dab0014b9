import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ContainerId } from "../base/ids.ts";
import { createLogger } from "../base/log.ts";
import { readMounts } from "../kernel/mountinfo.ts";
import { openDatabase } from "../state/database.ts";
import { createVolumeRows } from "../state/volume-rows.ts";
import { LocalVolumes } from "./volumes.ts";

let dir: string;
let events: string[];
let close: () => void;
let volumes: LocalVolumes;

/** As an engine that starts opens them. */
function open(): LocalVolumes {
  const db = openDatabase(join(dir, "db"));
  close = () => db.close();
  const emit = (action: string, name: string): void => void events.push(`${action} ${name}`);
  return new LocalVolumes({
    dir: join(dir, "volumes"),
    rows: createVolumeRows(db),
    emit,
    log: createLogger(() => undefined, "error"),
  });
}

function reopen(): LocalVolumes {
  close();
  return open();
}

beforeEach(() => {
  dir = mkdtempSync("/var/tmp/tare-volumes-");
  events = [];
  volumes = open();
});
afterEach(() => {
  for (const { name } of volumes.all()) volumes.release(name, "user");
  close();
  expect(readMounts().filter(({ target }) => target.startsWith(dir))).toEqual([]);
  rmSync(dir, { recursive: true });
});

const named = (name: string) => ({ name, driver: "", labels: null, options: null });
const tmpfs = { type: "tmpfs", device: "tmpfs", o: "size=1m,mode=750" };
const owner = "a".repeat(64) as ContainerId;

test("create() makes a volume once, with a name of its own when it is given none", () => {
  const made = volumes.create({ ...named("data"), labels: { a: "b" } });
  expect(made).toMatchObject({ name: "data", labels: { a: "b" }, options: null });
  expect(made.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(statSync(volumes.dataPath("data")).mode & 0o777).toBe(0o755);
  expect(volumes.create({ ...named("data"), labels: { c: "d" } })).toEqual(made);
  expect(volumes.create(named("")).name).toMatch(/^[0-9a-f]{64}$/);
  expect(events.length).toBe(2);
});

test.each([
  [{ ...named("x") }, "create x: volume name is too short"],
  [{ ...named("../etc") }, 'create ../etc: "../etc" includes invalid characters for a local volume name'],
  [{ ...named("data"), driver: "nope" }, 'create data: error looking up volume plugin nope: plugin "nope" not found'],
  [{ ...named("data"), options: { foo: "bar" } }, 'create data: invalid option: "foo"'],
  [{ ...named("data"), options: { type: "tmpfs" } }, 'create data: missing required option: "device"'],
  [{ ...named("data"), options: { o: "size=1m" } }, 'create data: missing required option: "device"'],
  [{ ...named("data"), options: { device: "/dev/sdx" } }, 'create data: missing required option: "type"'],
  [{ ...named("data"), options: { size: "many" } }, "create data: invalid size: 'many'"],
])("create(%j) is refused", (wish, message) => {
  expect(() => volumes.create(wish)).toThrow(message);
  expect(volumes.all()).toEqual([]);
});

test("a volume with options is mounted for its first user and unmounted after its last", async () => {
  volumes.create({ ...named("scratch"), options: tmpfs });
  const mounted = () => readMounts().filter(({ target }) => target === volumes.dataPath("scratch"));
  await Promise.all([volumes.acquire("scratch", "one"), volumes.acquire("scratch", "two")]);
  expect(mounted().length).toBe(1);
  expect(mounted()[0]).toMatchObject({ type: "tmpfs", superOptions: expect.stringContaining("mode=750") });
  expect(volumes.release("scratch", "one")).toBe(true);
  expect(volumes.release("scratch", "one")).toBe(false);
  expect(mounted().length).toBe(1);
  volumes.release("scratch", "two");
  expect(mounted()).toEqual([]);
});

test("a bind that is to be read-only is", async () => {
  const source = join(dir, "source");
  mkdirSync(source);
  volumes.create({ ...named("bound"), options: { type: "none", device: source, o: "bind,ro" } });
  await volumes.acquire("bound", "user");
  expect(() => writeFileSync(join(volumes.dataPath("bound"), "file"), "")).toThrow("read-only file system");
});

test("a volume that cannot be mounted says why in Docker's words, and is used by nobody", async () => {
  volumes.create({ ...named("gone"), options: { type: "none", device: "/no/such", o: "bind" } });
  const target = volumes.dataPath("gone");
  await expect(volumes.acquire("gone", "user")).rejects.toThrow(
    `error while mounting volume '${target}': failed to mount local volume: mount /no/such:${target}, flags: 0x1000: no such file or directory`,
  );
  expect(volumes.release("gone", "user")).toBe(false);
});

test("a server's password is not told", async () => {
  volumes.create({
    ...named("share"),
    options: { type: "nosuchfs", device: "//server/x", o: "username=u,password=hidden" },
  });
  await expect(volumes.acquire("share", "user")).rejects.toThrow("data: username=u,password=…: no such device");
});

test("what is still mounted is unmounted before a volume is removed: its source keeps its files", async () => {
  const source = join(dir, "source");
  mkdirSync(source);
  writeFileSync(join(source, "precious"), "");
  volumes.create({ ...named("bound"), options: { type: "none", device: source, o: "bind" } });
  await volumes.acquire("bound", "user");
  await volumes.remove("bound");
  expect(readdirSync(source)).toEqual(["precious"]);
  expect(events.at(-1)).toBe("destroy bound");
});

test("fill() gives an empty volume a directory's contents and attributes, and a full one nothing", async () => {
  const image = join(dir, "image");
  mkdirSync(join(image, "sub"), { recursive: true, mode: 0o711 });
  writeFileSync(join(image, "sub/file"), "from the image");
  volumes.create(named("data"));
  await volumes.fill({ name: "data", subpath: "" }, image);
  expect(readFileSync(join(volumes.dataPath("data"), "sub/file"), "utf8")).toBe("from the image");
  expect(statSync(volumes.dataPath("data")).mode & 0o777).toBe(0o711);
  writeFileSync(join(image, "later"), "");
  await volumes.fill({ name: "data", subpath: "" }, image);
  expect(existsSync(join(volumes.dataPath("data"), "later"))).toBe(false);
});

test("fill() keeps the directory of a volume that somebody has in use", async () => {
  const image = join(dir, "image");
  mkdirSync(image);
  writeFileSync(join(image, "file"), "");
  volumes.create(named("data"));
  await volumes.acquire("data", "user");
  const before = statSync(volumes.dataPath("data")).ino;
  await volumes.fill({ name: "data", subpath: "" }, image);
  expect(statSync(volumes.dataPath("data")).ino).toBe(before);
  expect(readdirSync(volumes.dataPath("data"))).toEqual(["file"]);
});

test("a volume with options is filled where it is mounted", async () => {
  const image = join(dir, "image");
  mkdirSync(image);
  writeFileSync(join(image, "file"), "");
  volumes.create({ ...named("scratch"), options: tmpfs });
  await volumes.acquire("scratch", "user");
  await volumes.fill({ name: "scratch", subpath: "" }, image);
  expect(readdirSync(volumes.dataPath("scratch"))).toEqual(["file"]);
});

test("volumes are still there when they are opened again", () => {
  volumes.create({ ...named("data"), labels: { a: "b" }, options: tmpfs });
  const before = volumes.all();
  volumes = reopen();
  expect(volumes.all()).toEqual(before);
});

test("sweep() makes a volume of a directory whose record was lost, and deletes nothing of it", async () => {
  volumes.create({ ...named("data"), options: { type: "none", device: "/", o: "bind" } });
  writeFileSync(join(volumes.dataPath("data"), "precious"), "");
  close();
  rmSync(join(dir, "db"));
  volumes = open();
  await volumes.sweep(() => false);
  expect(volumes.get("data").options).toEqual({ type: "none", device: "/", o: "bind" });
  expect(readdirSync(volumes.dataPath("data"))).toEqual(["precious"]);
});

test("a volume whose directory cannot be made is none", () => {
  writeFileSync(join(dir, "volumes/data"), "in the way");
  expect(() => volumes.create(named("data"))).toThrow();
  expect(volumes.has("data")).toBe(false);
  expect(events).toEqual([]);
  rmSync(join(dir, "volumes/data"));
});

test("sweep() finishes a removal: a record without a directory, and what was moved away", async () => {
  volumes.create(named("data"));
  rmSync(join(dir, "volumes/data"), { recursive: true });
  mkdirSync(join(dir, "volumes/.removed/abc/_data/full"), { recursive: true });
  volumes = reopen();
  await volumes.sweep(() => false);
  await volumes.clear();
  expect(volumes.has("data")).toBe(false);
  expect(readdirSync(join(dir, "volumes/.removed"))).toEqual([]);
});

test("sweep() completes a volume that was half made", async () => {
  volumes.create(named("data"));
  rmSync(volumes.dataPath("data"), { recursive: true });
  volumes = reopen();
  await volumes.sweep(() => true);
  expect(volumes.hasContent("data")).toBe(false);
});

test("sweep() removes the volumes of containers that are gone, and only those", async () => {
  volumes.create({ ...named("theirs"), owner });
  volumes.create(named("ours"));
  await volumes.sweep(() => true);
  expect(volumes.has("theirs")).toBe(true);
  await volumes.sweep(() => false);
  expect(volumes.all().map(({ name }) => name)).toEqual(["ours"]);
});

test("sweep() unmounts what no container has in use any more", async () => {
  volumes.create({ ...named("used"), options: tmpfs });
  volumes.create({ ...named("unused"), options: tmpfs });
  await volumes.acquire("used", "user");
  await volumes.acquire("unused", "user");
  volumes = reopen();
  volumes.adopt("used", "user");
  await volumes.sweep(() => true);
  const mounted = readMounts().filter(({ target }) => target.startsWith(dir));
  expect(mounted.map(({ target }) => target)).toEqual([volumes.dataPath("used")]);
});

test("setOwner() is remembered", () => {
  volumes.create(named("data"));
  volumes.setOwner("data", owner);
  volumes = reopen();
  expect(volumes.get("data").owner).toBe(owner);
  volumes.setOwner("data", undefined);
  expect(volumes.get("data").owner).toBeUndefined();
});

test("size() counts the bytes of files", async () => {
  volumes.create(named("data"));
  writeFileSync(join(volumes.dataPath("data"), "a"), "12345");
  expect(await volumes.size("data")).toBe(5);
});
