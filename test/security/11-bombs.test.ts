/**
 * SECURITY row 11, archives larger than they look (CVE-2017-14992, CVE-2023-25153): each ends in an error, in little memory, and with the
 * disk as it was before.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { encodeHead } from "../../src/base/tar/encode.ts";
import { writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";

const MIB = 2 ** 20;
/** Beyond what the engine had before. A million names, which are allowed, have to be somewhere before there is one too many. */
const MAX_GROWTH_MIB = 100;
const MAX_GROWTH_OF_NAMES_MIB = 250;

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
});

afterAll(() => engine[Symbol.asyncDispose]());

function memoryMib(): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${engine.pid}/status`, "utf8"))?.[1]) / 1024;
}

function bytesBelow(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Sends a body to `docker import`'s endpoint while it is made, and looks at the engine's memory all the while. */
async function importing(parts: Iterable<Uint8Array<ArrayBuffer>>): Promise<{ said: string; grownMib: number }> {
  const before = memoryMib();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, memoryMib());
  }, 20);
  try {
    const response = await fetch("http://engine/v1.47/images/create?fromSrc=-&repo=bomb", {
      unix: engine.socketPath,
      method: "POST",
      body: toStream(parts).pipeThrough(new CompressionStream("gzip")),
    });
    return { said: await response.text(), grownMib: most - before };
  } finally {
    clearInterval(watch);
  }
}

function toStream(parts: Iterable<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const rest = parts[Symbol.iterator]();
  return new ReadableStream({
    pull: (controller) => {
      const { done, value } = rest.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

function* repeated(block: Uint8Array<ArrayBuffer>, times: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < times; at++) yield block;
}

const head = (name: string, size: number): Buffer<ArrayBuffer> =>
  Buffer.from(
    encodeHead({
      type: "file",
      name,
      linkName: "",
      mode: 0o644,
      uid: 0,
      gid: 0,
      size,
      mtimeSec: 0,
      major: 0,
      minor: 0,
      pax: {},
    }),
  );

/** Ten gigabytes of zeros in one file; as much of it as the engine takes. */
function* zeros(): Generator<Uint8Array<ArrayBuffer>> {
  const gigabytes = 10;
  yield head("zeros", gigabytes * 2 ** 30);
  yield* repeated(new Uint8Array(4 * MIB), gigabytes * 256);
}

/** A million and one thousand empty files, a thousand at a time; made in place, since headers one by one take half a minute. */
function* entries(): Generator<Uint8Array<ArrayBuffer>> {
  const block = Buffer.concat(Array.from({ length: 1000 }, () => head("f0000000", 0)));
  for (let first = 0; first <= 1_000_000; first += 1000) {
    for (let at = 0; at < 1000; at++) rename(block, at * 512, String(first + at).padStart(7, "0"));
    yield Buffer.from(block);
  }
}

/** Gives the header at `at` a name of digits, and its sum the difference. */
function rename(block: Buffer, at: number, digits: string): void {
  let sum = Number.parseInt(block.toString("latin1", at + 148, at + 154), 8);
  for (let digit = 0; digit < digits.length; digit++) {
    sum += digits.charCodeAt(digit) - (block[at + 1 + digit] ?? 0);
    block[at + 1 + digit] = digits.charCodeAt(digit);
  }
  block.write(sum.toString(8).padStart(6, "0"), at + 148);
}

/** An extended header that says it has a gigabyte. */
function* extension(): Generator<Uint8Array<ArrayBuffer>> {
  const header = Buffer.from(head("PaxHeaders/x", 2 ** 30));
  header[156] = "x".charCodeAt(0);
  header.write("        ", 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  yield header;
  yield* repeated(Buffer.alloc(MIB, "a"), 64);
}

/** Names of four thousand bytes that imply directories of one letter each. */
function* depths(): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < 2000; at++) {
    yield Buffer.from(
      writeTar([{ type: "file", name: `${"d/".repeat(1500)}${at}/${"e/".repeat(400)}f` }]).subarray(0, -1024),
    );
  }
}

test.each([
  ["ten gigabytes of zeros", zeros, "expands to more than", MAX_GROWTH_MIB],
  ["a million entries", entries, "more than 1000000 entries", MAX_GROWTH_OF_NAMES_MIB],
  ["an extended header of a gigabyte", extension, "extended header of 1073741824 bytes", MAX_GROWTH_MIB],
  [
    "hundreds of directories for each name",
    depths,
    "names and attributes in archive are larger",
    MAX_GROWTH_OF_NAMES_MIB,
  ],
])(
  "%s: an error, and nothing is left",
  async (_what, make, message, maxMib) => {
    const before = bytesBelow(join(engine.root, "images"));
    const { said, grownMib } = await importing(make());
    expect(said).toContain(message);
    expect(grownMib).toBeLessThan(maxMib);
    expect(bytesBelow(join(engine.root, "images"))).toBe(before);
  },
  120_000,
);
