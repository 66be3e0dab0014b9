import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openedSince, openFiles } from "../../../test/harness/descriptors.ts";
import { lendChunked, socketPair } from "../../../test/harness/sockets.ts";
import type { Duplex } from "../../base/duplex.ts";
import { type TarMember, writeTar } from "../../base/tar/writer.ts";
import { BodyDecoder } from "../../wire/body-decoder.ts";
import { encodeChunk, LAST_CHUNK } from "../../wire/http1-body.ts";
import { FileThreads, type StoreRequest } from "./threads.ts";

let base: string;
const threads = new FileThreads();

beforeEach(() => {
  base = mkdtempSync(join("/var/tmp", "tare-threads-"));
  mkdirSync(join(base, "tree"));
  mkdirSync(join(base, "copy"));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

const treeView = () => ({ root: join(base, "tree") });
const copyView = () => ({ root: join(base, "copy") });

function fill(): void {
  writeFileSync(join(base, "tree/large"), Buffer.alloc(5_000_000, "large file "));
  for (let index = 0; index < 300; index++) writeFileSync(join(base, "tree", `f${index}`), `file ${index}`);
  symlinkSync("f1", join(base, "tree/link"));
}

function expectSame(): void {
  const diff = Bun.spawnSync(["diff", "-r", "--no-dereference", "tree", "copy"], { cwd: base });
  expect(diff.stdout.toString() + diff.stderr.toString()).toBe("");
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "done",
    (error: unknown) => error,
  );
}

/** Waits for what another thread is about to do. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(1);
}

test("a tree goes from one thread to the other", async () => {
  fill();
  const { facts, blocks } = await threads.pack(treeView());
  expect(facts.stat.type).toBe("directory");
  await threads.unpack({ view: copyView(), options: { path: "" }, archive: { body: blocks } });
  expectSame();
});

test("what is not there is said before the first block, with the system's own code", async () => {
  expect(await settled(threads.pack(treeView(), { path: "missing", name: "x" }))).toMatchObject({
    code: "ENOENT",
    meaning: "no such file or directory",
  });
  expect(await settled(threads.stat(treeView(), "missing/"))).toMatchObject({ code: "ENOENT" });
});

test("a link tells where it leads, as far as it does", async () => {
  const targets = { "to-link": "link", link: "f1", broken: "d/../../nowhere", far: "/a/./b" };
  writeFileSync(join(base, "tree/f1"), "");
  for (const [name, target] of Object.entries(targets)) symlinkSync(target, join(base, "tree", name));
  const targetOf = async (path: string): Promise<string> => (await threads.stat(treeView(), path)).target;
  expect(await Promise.all(Object.keys(targets).map(targetOf))).toEqual(["/f1", "/f1", "/nowhere", "/a/b"]);
  expect((await threads.stat(treeView(), "to-link")).stat).toMatchObject({ type: "symlink", size: 4 });
});

test("a tree that nobody reads stands still, and is closed when it is returned", async () => {
  writeFileSync(join(base, "tree/large"), Buffer.alloc(30_000_000));
  const before = openFiles();
  const { blocks } = await threads.pack(treeView());
  await blocks.next();
  expect(openedSince(before)).not.toBeEmpty();
  await blocks.return?.();
  expect(openedSince(before)).toBeEmpty();
  const { blocks: unread } = await threads.pack(treeView());
  await unread.return?.();
  expect(openedSince(before)).toBeEmpty();
});

test("jobs run side by side, and one that fails leaves the others alone", async () => {
  fill();
  const jobs = Array.from({ length: 12 }, async (_, index) => {
    mkdirSync(join(base, `copy/${index}`));
    const { blocks } = await threads.pack(treeView());
    await threads.unpack({ view: copyView(), options: { path: String(index) }, archive: { body: blocks } });
  });
  const bad = threads.unpack({
    view: copyView(),
    options: { path: "" },
    archive: { body: once(Buffer.alloc(600, "x")) },
  });
  expect(await settled(bad)).toMatchObject({ isArchive: true, message: "archive/tar: invalid tar header" });
  await Promise.all(jobs);
  expect(readdirSync(join(base, "copy/11")).length).toBe(302);
  // Thousands of files, on a disk that may be busy.
}, 30_000);

describe("unpack()", () => {
  const MEMBERS: readonly TarMember[] = [{ type: "file", name: "f", data: Buffer.from("text") }];
  const unpack = (archive: Uint8Array): Promise<unknown> =>
    settled(threads.unpack({ view: copyView(), options: { path: "" }, archive: { body: once(archive) } }));
  const compressed = (program: string): Uint8Array =>
    Bun.spawnSync([program, "-c"], { stdin: writeTar(MEMBERS) }).stdout;

  test.each(["gzip", "bzip2", "xz", "zstd"])("takes what %s has compressed", async (program) => {
    expect(await unpack(compressed(program))).toBe("done");
    expect(readFileSync(join(base, "copy/f"), "utf8")).toBe("text");
  });

  test.each(["gzip", "bzip2", "xz", "zstd"])("refuses what %s has compressed and somebody has cut", async (program) => {
    expect(await unpack(compressed(program).subarray(0, -20))).toMatchObject({ isArchive: true });
  });

  test("takes nothing at all for nothing", async () => {
    expect(await unpack(new Uint8Array())).toBe("done");
    expect(readdirSync(join(base, "copy"))).toEqual([]);
  });

  test("looks first, and reads nothing when it should not go on", async () => {
    let read = false;
    const body = {
      async *[Symbol.asyncIterator]() {
        read = true;
        yield writeTar(MEMBERS);
      },
    };
    const check = (): void => {
      throw new Error("no");
    };
    const before = openFiles();
    const unpacking = threads.unpack({ view: copyView(), options: { path: "" }, archive: { body }, check });
    expect(await settled(unpacking)).toEqual(new Error("no"));
    expect(read).toBe(false);
    expect(openedSince(before)).toBeEmpty();
  });

  test("ends and closes everything when the archive's source fails", async () => {
    const before = openFiles();
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield writeTar(MEMBERS).subarray(0, 514);
      throw new Error("hung up");
    }
    const unpacking = threads.unpack({ view: copyView(), options: { path: "" }, archive: { body: failing() } });
    expect(await settled(unpacking)).toEqual(new Error("hung up"));
    expect(openedSince(before)).toBeEmpty();
  });
});

async function* chunkedBody(peer: Duplex): AsyncGenerator<Uint8Array> {
  const decoder = new BodyDecoder({ kind: "chunked" });
  for await (const piece of peer.readable) {
    yield* decoder.push(piece);
    if (decoder.finished) return;
  }
}

describe("a lent socket", () => {
  test("takes a whole tree, as chunks of HTTP", async () => {
    fill();
    await using pair = await socketPair(base);
    const { sendTo, blocks } = await threads.pack(treeView());
    const unpacking = threads.unpack({
      view: copyView(),
      options: { path: "" },
      archive: { body: chunkedBody(pair.far) },
    });
    await sendTo({ fd: pair.near.lending.fd, gone: pair.near.closed });
    await pair.near.write(LAST_CHUNK);
    await unpacking;
    await blocks.return?.();
    expectSame();
  });

  test("gives a whole archive, and what comes after it is given back", async () => {
    fill();
    await using pair = await socketPair(base);
    const { blocks } = await threads.pack(treeView());
    const sending = (async () => {
      for await (const block of blocks) await pair.near.write(encodeChunk(block));
      await pair.near.write(Buffer.concat([LAST_CHUNK, Buffer.from("next request")]));
    })();
    const first = await pair.far.readable[Symbol.asyncIterator]().next();
    const { fd, suspend, resume } = pair.far.lending;
    const arrived = Buffer.concat([first.value ?? Buffer.alloc(0), ...suspend()]);
    const outcomes: (Uint8Array | "broken")[] = [];
    const giveBack = (rest: Uint8Array | "broken"): void => {
      outcomes.push(rest);
      if (rest !== "broken") resume(rest);
    };
    const lent = { fd, gone: pair.far.closed, arrived, framing: { kind: "chunked" }, giveBack } as const;
    const archive = { body: once(new Uint8Array()), lendBody: async () => lent };
    await threads.unpack({ view: copyView(), options: { path: "" }, archive });
    await sending;
    expect(outcomes).toHaveLength(1);
    expectSame();
    let after = "";
    for await (const piece of pair.far.readable) {
      after += Buffer.from(piece).toString();
      if (after === "next request") break;
    }
    expect(after).toBe("next request");
  });

  test("whose peer hangs up ends the job, and leaves no descriptor", async () => {
    writeFileSync(join(base, "tree/large"), Buffer.alloc(30_000_000));
    const before = openFiles();
    {
      await using pair = await socketPair(base);
      const { sendTo, blocks } = await threads.pack(treeView());
      const sending = settled(sendTo({ fd: pair.near.lending.fd, gone: pair.near.closed }));
      await pair.far.readable[Symbol.asyncIterator]().next();
      pair.far.close();
      expect(await sending).toBeInstanceOf(Error);
      await blocks.return?.();
    }
    await eventually(() => openedSince(before).length === 0);
    expect(existsSync(join(base, "copy/large"))).toBe(false);
  });

  test("that gives half an archive and hangs up is broken", async () => {
    await using pair = await socketPair(base);
    const { fd, suspend } = pair.far.lending;
    const arrived = Buffer.concat(suspend());
    const outcomes: unknown[] = [];
    const lent = {
      fd,
      gone: pair.far.closed,
      arrived,
      framing: { kind: "length", bytes: 100_000 },
      giveBack: (rest: unknown) => outcomes.push(rest),
    } as const;
    const archive = { body: once(new Uint8Array()), lendBody: async () => lent };
    const unpacking = settled(threads.unpack({ view: copyView(), options: { path: "" }, archive }));
    await pair.near.write(Buffer.alloc(500));
    pair.near.close();
    expect(await unpacking).toMatchObject({ message: "unexpected EOF" });
    expect(outcomes).toEqual(["broken"]);
  });

  test("carries bytes and stretches of files into a file at its other end, which grows as it is written", async () => {
    const large = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => at % 251));
    writeFileSync(join(base, "large"), large);
    const before = openFiles();
    const [path, grown] = [join(base, "stored"), [] as number[]];
    {
      await using pair = await socketPair(base);
      const pieces = [
        Buffer.from("before"),
        new Uint8Array(),
        { path: join(base, "large"), offset: 7, length: 2_900_000 },
        { path: join(base, "large"), offset: 0, length: 0 },
        Buffer.from("after"),
      ];
      const outcomes: unknown[] = [];
      const storing = threads.store(lendChunked(pair.far, outcomes), storeRequest(path, { grown }));
      await threads.send(pieces, { fd: pair.near.lending.fd, gone: pair.near.closed });
      await pair.near.write(Buffer.concat([LAST_CHUNK, Buffer.from("next")]));
      await storing;
      expect(outcomes).toEqual([new Uint8Array(Buffer.from("next"))]);
    }
    const expected = Buffer.concat([Buffer.from("before"), large.subarray(7, 2_900_007), Buffer.from("after")]);
    expect(readFileSync(path).equals(expected)).toBe(true);
    expect([grown[0], grown.at(-1)]).toEqual([0, expected.length]);
    expect(grown).toEqual(grown.toSorted((a, b) => a - b));
    await eventually(() => openedSince(before).length === 0);
  });

  test("whose body is larger than allowed is broken, and so is one whose reader gives up", async () => {
    await using pair = await socketPair(base);
    const [outcomes, abort] = [[] as unknown[], new AbortController()];
    const refused = settled(
      threads.store(lendChunked(pair.far, outcomes), storeRequest(join(base, "a"), { maxBytes: 99 })),
    );
    await pair.near.write(encodeChunk(Buffer.alloc(100)));
    expect(await refused).toMatchObject({ message: "archive is larger than 99 bytes", isArchive: true });
    const given = settled(
      threads.store(lendChunked(pair.far, outcomes), storeRequest(join(base, "b"), { signal: abort.signal })),
    );
    abort.abort();
    expect(await given).toBeInstanceOf(Error);
    expect(outcomes).toEqual(["broken", "broken"]);
  });
});

interface Limits {
  readonly grown?: number[];
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

function storeRequest(path: string, { grown = [], maxBytes = 1e9, signal }: Limits): StoreRequest {
  return {
    path,
    maxBytes,
    signal: signal ?? new AbortController().signal,
    onStored: (bytes) => void grown.push(bytes),
  };
}
