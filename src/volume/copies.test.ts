import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createLogger } from "../base/log.ts";
import { openDatabase } from "../state/database.ts";
import { createVolumeRows } from "../state/volume-rows.ts";
import type { VolumeCopies } from "./copies.ts";
import { LocalVolumes } from "./volumes.ts";

let dir: string;
let close: () => void;
let volumes: LocalVolumes;
let copies: VolumeCopies;

beforeEach(async () => {
  dir = mkdtempSync("/dev/shm/tare-copies-");
  await open();
  volumes.create(named("data"));
  mkdirSync(at("data", "sub"));
  writeFileSync(at("data", "sub/file"), "first");
});
afterEach(() => {
  close();
  rmSync(dir, { recursive: true });
});

/** As an engine that starts opens them. */
async function open(): Promise<void> {
  const db = openDatabase(join(dir, "db"));
  close = () => db.close();
  const log = createLogger(() => undefined, "error");
  volumes = new LocalVolumes({ dir: join(dir, "volumes"), rows: createVolumeRows(db), emit: () => undefined, log });
  copies = await volumes.copies();
}

const named = (name: string) => ({ name, driver: "", labels: null, options: null });
const at = (volume: string, path: string): string => join(volumes.dataPath(volume), path);
const quietly = () => ({ signal: new AbortController().signal, onProgress: () => undefined });
const staged = (): string[] => readdirSync(join(dir, "volumes/.staged"));

test("a clone has the same contents and a life of its own", async () => {
  await copies.clone("data", { ...named("twin"), labels: { a: "b" } }, quietly());
  writeFileSync(at("data", "sub/file"), "second");
  expect(readFileSync(at("twin", "sub/file"), "utf8")).toBe("first");
  expect(volumes.get("twin").labels).toEqual({ a: "b" });
  expect(staged()).toEqual([]);
});

test("a clone takes no name that there is, and none of nothing", async () => {
  volumes.create(named("twin"));
  await expect(copies.clone("data", named("twin"), quietly())).rejects.toThrow("there is a volume of that name");
  await expect(copies.clone("nothing", named("other"), quietly())).rejects.toThrow("get nothing: no such volume");
  await expect(copies.clone("data", named("a b"), quietly())).rejects.toThrow("includes invalid characters");
  expect(staged()).toEqual([]);
});

test("a snapshot keeps what was, and a restore brings it back as often as wanted", async () => {
  await copies.snapshot("data", "before", quietly());
  for (const later of ["second", "third"]) {
    writeFileSync(at("data", "sub/file"), later);
    writeFileSync(at("data", "new"), "");
    await copies.restore("data", "before", quietly());
    expect(readFileSync(at("data", "sub/file"), "utf8")).toBe("first");
    expect(existsSync(at("data", "new"))).toBe(false);
  }
  expect(copies.snapshots("data").map(({ name }) => name)).toEqual(["before"]);
});

test("snapshots are listed in the order of their making, and removed with their volume or before", async () => {
  await copies.snapshot("data", "zero", quietly());
  utimesSync(copies.snapshotPath("data", "zero"), 1, 1);
  await copies.snapshot("data", "another", quietly());
  expect(copies.snapshots("data").map(({ name }) => name)).toEqual(["zero", "another"]);
  await copies.removeSnapshot("data", "zero");
  expect(copies.snapshots("data").map(({ name }) => name)).toEqual(["another"]);
  await volumes.remove("data");
  expect(() => copies.snapshots("data")).toThrow("no such volume");
});

test.each([
  ["a snapshot that there is", () => copies.snapshot("data", "taken", quietly()), "has a snapshot taken already"],
  ["a snapshot's name", () => copies.snapshot("data", "../x", quietly()), "is no name for a snapshot"],
  ["a snapshot that there is not", () => copies.restore("data", "gone", quietly()), "has no snapshot gone"],
  ["a path for a snapshot", () => copies.restore("data", "../_data", quietly()), "has no snapshot ../_data"],
  ["the removal of none", () => copies.removeSnapshot("data", "."), "has no snapshot ."],
])("%s is refused", async (_what, act, message) => {
  await copies.snapshot("data", "taken", quietly());
  await expect(act()).rejects.toThrow(message);
});

test("a volume that is in use is not replaced, also when that begins in the middle", async () => {
  await copies.snapshot("data", "before", quietly());
  await volumes.acquire("data", "container");
  await expect(copies.restore("data", "before", quietly())).rejects.toThrow("in use by a running container");
  volumes.release("data", "container");
  const fill = async (): Promise<void> => volumes.acquire("data", "container");
  const contents = { key: "test", fill, signal: new AbortController().signal };
  await expect(copies.replace("data", contents)).rejects.toThrow("in use by a running container");
  expect(readFileSync(at("data", "sub/file"), "utf8")).toBe("first");
});

test("a volume whose files lie elsewhere can be cloned, not replaced", async () => {
  const device = join(dir, "elsewhere");
  mkdirSync(device);
  writeFileSync(join(device, "file"), "theirs");
  volumes.create({ ...named("bound"), options: { type: "none", device, o: "bind" } });
  await copies.clone("bound", named("copy"), quietly());
  expect(readFileSync(at("copy", "file"), "utf8")).toBe("theirs");
  await expect(copies.snapshot("bound", "now", quietly())).rejects.toThrow("only clone and export can be used");
});

test("a copy that is called off is kept, and the next one goes on with it", async () => {
  for (let number = 0; number < 50; number++) writeFileSync(at("data", `f${number}`), "x");
  const abort = new AbortController();
  const fill = async (directory: string): Promise<void> => {
    writeFileSync(join(directory, "half"), "");
    abort.abort();
    throw new Error("context canceled");
  };
  await expect(copies.create(named("new"), { key: "k", fill, signal: abort.signal })).rejects.toThrow("canceled");
  expect(volumes.has("new")).toBe(false);
  expect(staged()).toEqual(["new~k"]);
  const seen: string[][] = [];
  const look = async (directory: string): Promise<void> => void seen.push(readdirSync(directory));
  await copies.create(named("new"), { key: "k", fill: look, signal: new AbortController().signal });
  expect(seen).toEqual([["half"]]);
  expect(volumes.has("new")).toBe(true);
});

test("a copy that fails leaves nothing", async () => {
  const fill = async (directory: string): Promise<void> => {
    writeFileSync(join(directory, "half"), "");
    throw new Error("no space left");
  };
  const contents = { key: "k", fill, signal: new AbortController().signal };
  await expect(copies.create(named("new"), contents)).rejects.toThrow("no space left");
  await expect(copies.replace("data", contents)).rejects.toThrow("no space left");
  expect(staged()).toEqual([]);
  expect(readdirSync(join(dir, "volumes/data"))).toEqual(["_data"]);
});

test("what a dead engine was copying is kept for a day", async () => {
  const fresh = join(dir, "volumes/.staged/a~k");
  const old = join(dir, "volumes/.staged/b~k");
  const within = join(dir, "volumes/data/staged~k");
  const snapshot = join(dir, "volumes/data/snapshots/.half");
  for (const path of [fresh, old, within, snapshot]) mkdirSync(path, { recursive: true });
  const yesterday = Date.now() / 1000 - 25 * 3600;
  for (const path of [old, within, snapshot]) utimesSync(path, yesterday, yesterday);
  close();
  await open();
  await volumes.sweep(() => true);
  await volumes.clear();
  expect([fresh, old, within, snapshot].map((path) => existsSync(path))).toEqual([true, false, false, false]);
  expect(copies.snapshots("data")).toEqual([]);
});

test("a survey's word changes with the files and with nothing else", async () => {
  const { signal } = new AbortController();
  const first = await copies.survey("data", signal);
  expect(first).toMatchObject({ files: 1, bytes: 5 });
  expect(await copies.survey("data", signal)).toEqual(first);
  readFileSync(at("data", "sub/file"));
  expect(await copies.survey("data", signal)).toEqual(first);
  writeFileSync(at("data", "sub/file"), "FIRST");
  expect((await copies.survey("data", signal)).fingerprint).not.toBe(first.fingerprint);
});
