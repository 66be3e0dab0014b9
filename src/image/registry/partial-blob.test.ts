/** Blobs in pieces: what is missing, what is there without a hole, and what survives. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../digest.ts";
import { PartialBlob } from "./partial-blob.ts";
import { noise } from "./testing-images.ts";

const MIB = 1024 * 1024;
const bytes = noise(5 * MIB);
const digest = digestOf(bytes);
const facts = { digest, sizeBytes: bytes.length, segmentBytes: 2 * MIB };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-partial-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const path = (): string => join(dir, digest.slice(7));

/** Fills a claim with the true bytes, up to `most` of them. */
async function fill(blob: PartialBlob, most = Number.POSITIVE_INFINITY): Promise<void> {
  const claim = blob.claim();
  if (claim === undefined) throw new Error("nothing to claim");
  const end = Math.min(claim.end, claim.next + most);
  await blob.write(claim, bytes.subarray(claim.next, end));
  blob.release(claim);
}

test("claims are given for what is missing, the first first, and no stretch twice", async () => {
  const blob = await PartialBlob.open(dir, facts);
  const [one, two, three] = [blob.claim(), blob.claim(), blob.claim()];
  expect([one, two, three].map((claim) => [claim?.next, claim?.end])).toEqual([
    [0, 2 * MIB],
    [2 * MIB, 4 * MIB],
    [4 * MIB, 5 * MIB],
  ]);
  expect(blob.claim()).toBeUndefined();
  if (two !== undefined) blob.release(two);
  expect(blob.claim()?.next).toBe(2 * MIB);
  await blob.close();
});

test("what is there without a hole is told of, as it grows", async () => {
  const blob = await PartialBlob.open(dir, facts);
  const told: number[] = [];
  const watching = (async () => {
    for await (const length of blob.available) told.push(length);
  })();
  const [first, second] = [blob.claim(), blob.claim()];
  if (first === undefined || second === undefined) return;
  await blob.write(second, bytes.subarray(2 * MIB, 4 * MIB));
  expect(blob.prefixBytes).toBe(0);
  await blob.write(first, bytes.subarray(0, MIB));
  expect(blob.prefixBytes).toBe(MIB);
  await blob.write(first, bytes.subarray(MIB, 2 * MIB));
  expect(blob.prefixBytes).toBe(4 * MIB);
  await fill(blob);
  await watching;
  expect(told.at(-1)).toBe(5 * MIB);
  expect(readFileSync(path()).equals(bytes)).toBe(true);
  await blob.remove();
  expect(existsSync(path())).toBe(false);
});

test("bytes beyond a claim's end are left out", async () => {
  const blob = await PartialBlob.open(dir, facts);
  const claim = blob.claim();
  if (claim !== undefined) await blob.write(claim, bytes.subarray(0, 3 * MIB));
  expect([claim?.next, blob.arrivedBytes]).toEqual([2 * MIB, 2 * MIB]);
  await blob.remove();
});

describe("what an earlier attempt left", () => {
  test("is gone on with, segment by segment", async () => {
    const before = await PartialBlob.open(dir, facts);
    await fill(before, 1_500_000);
    const skipped = before.claim();
    await fill(before);
    if (skipped !== undefined) before.release(skipped);
    await before.close();
    const after = await PartialBlob.open(dir, facts);
    expect([after.arrivedBytes, after.prefixBytes]).toEqual([1_500_000 + 2 * MIB, 1_500_000]);
    expect(after.claim()?.next).toBe(1_500_000);
    expect(after.claim()?.next).toBe(4 * MIB);
    await after.close();
  });

  test("loses little when the engine was killed", async () => {
    const killed = await PartialBlob.open(dir, facts);
    for (let at = 0; at < 16; at++) {
      const claim = killed.claim();
      if (claim === undefined) break;
      await killed.write(claim, bytes.subarray(claim.next, claim.next + 100_000));
      killed.release(claim);
    }
    const after = await PartialBlob.open(dir, facts);
    expect(after.arrivedBytes).toBeGreaterThanOrEqual(1_600_000 - MIB / 4 - 100_000);
    await Promise.all([after.close(), killed.close()]);
  });

  test.each([
    ["longer than the file", () => truncateSync(path(), 1000), 1000],
    ["garbage", () => writeFileSync(`${path()}.map`, Buffer.alloc(12, 0xff)), 5 * MIB],
    ["half a number", () => writeFileSync(`${path()}.map`, Buffer.from([1, 2])), 0],
  ])("is never believed to be more than it can be: a map that is %s", async (_what, spoil, most) => {
    const before = await PartialBlob.open(dir, facts);
    await fill(before);
    await before.close();
    spoil();
    const after = await PartialBlob.open(dir, facts);
    expect(after.arrivedBytes).toBeLessThanOrEqual(most);
    await after.close();
  });
});

test("a failure reaches whoever waits, until it is over", async () => {
  const blob = await PartialBlob.open(dir, facts);
  const waiting = Array.fromAsync(blob.available);
  blob.fail(new Error("no more"));
  expect(waiting).rejects.toThrow("no more");
  blob.revive();
  const again = Array.fromAsync(blob.available);
  for (let at = 0; at < 3; at++) await fill(blob);
  expect((await again).at(-1)).toBe(5 * MIB);
  await blob.remove();
});
