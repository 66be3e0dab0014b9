import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CacheMounts } from "./cache-mounts.ts";

let dir: string;
let copying: PromiseWithResolvers<void>;
let caches: CacheMounts;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-caches-"));
  mkdirSync(join(dir, "swept"));
  copying = Promise.withResolvers();
  caches = new CacheMounts({
    dir: join(dir, "caches"),
    sweptDir: join(dir, "swept"),
    copy: async (from, to) => {
      for (const name of readdirSync(from)) writeFileSync(join(to, name), "");
      await copying.promise;
    },
  });
});
afterEach(() => rmSync(dir, { recursive: true }));

const mount = (id: string, sharing: "shared" | "private" | "locked" = "shared") =>
  ({
    type: "cache",
    id,
    input: undefined,
    source: "",
    target: "/c",
    readOnly: false,
    sharing,
    mode: 0o755,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  }) as const;
const { signal } = new AbortController();

test("one that begins as a copy is seen when it is whole, and made once", async () => {
  const seed = join(dir, "seed");
  mkdirSync(seed);
  writeFileSync(join(seed, "file"), "");
  const taking = [caches.take(mount("a"), seed), caches.take(mount("a"), seed)];
  expect(caches.list()).toEqual([]);
  copying.resolve();
  const [one, two] = await Promise.all(taking);
  expect(one?.path).toBe(two?.path ?? "");
  expect(readdirSync(one?.path ?? "")).toEqual(["file"]);
  expect(readdirSync(join(dir, "swept"))).toEqual([]);
});

test("one that could not be filled is not there", async () => {
  const taking = caches.take(mount("a"), join(dir, "nowhere"));
  await expect(taking).rejects.toThrow("ENOENT");
  expect([...caches.list(), ...readdirSync(join(dir, "swept"))]).toEqual([]);
});

test("one that is in use is not removed", async () => {
  const taken = await caches.take(mount("a"), undefined);
  const [name = ""] = caches.list();
  await caches.remove(name);
  expect(existsSync(taken.path)).toBe(true);
  taken.release();
  await caches.remove(name);
  expect([...caches.list(), ...readdirSync(join(dir, "swept"))]).toEqual([]);
});

test("a run that names a locked one twice does not wait for itself", async () => {
  using _lock = await caches.lock([mount("a", "locked"), mount("a", "locked")], signal);
});

test("runs that lock the same ones in another order do not wait for each other for ever", async () => {
  const [a, b] = [mount("a", "locked"), mount("b", "locked")];
  const run = async (mounts: readonly (typeof a)[]): Promise<void> => {
    using _locks = await caches.lock(mounts, signal);
    await Promise.resolve();
  };
  await Promise.all(Array.from({ length: 20 }, (_, at) => run(at % 2 === 0 ? [a, b] : [b, a])));
});

test("a run that gives up waiting keeps nobody from the lock", async () => {
  const a = [mount("a", "locked")];
  const first = await caches.lock(a, signal);
  const leave = new AbortController();
  const second = caches.lock(a, leave.signal);
  const third = caches.lock(a, signal);
  leave.abort(new Error("left"));
  await expect(second).rejects.toThrow("left");
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
});
