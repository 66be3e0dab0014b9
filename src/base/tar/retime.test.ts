/** Times of a tar stream are changed where they lie, however the stream is cut into pieces. */
import { describe, expect, test } from "bun:test";
import type { TarEntry } from "./entry.ts";
import { TarError } from "./entry.ts";
import { TarReader } from "./reader.ts";
import { noLaterThan, retimed } from "./retime.ts";
import { type TarMember, writeTar } from "./writer.ts";

const MEMBERS: readonly TarMember[] = [
  { type: "directory", name: "d/", mtimeSec: 2_000_000_000 },
  { type: "file", name: "d/new", data: Buffer.from("x".repeat(700)), mtimeSec: 2_000_000_000 },
  { type: "file", name: `d/${"long".repeat(40)}`, data: Buffer.from("long"), mtimeSec: 2_000_000_000 },
  { type: "file", name: "d/old", data: Buffer.from("old"), mtimeSec: 5 },
  { type: "symlink", name: "d/link", linkName: "new", mtimeSec: 1_500_000_000 },
];

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

function entriesOf(tar: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = new TarReader({
    entry: (entry) => void entries.push(entry),
    data: () => undefined,
    end: () => undefined,
  });
  reader.push(tar);
  reader.close();
  return entries;
}

const seconds = (entries: readonly TarEntry[]): number[] =>
  entries.map(({ mtimeNs }) => Number(mtimeNs / 1_000_000_000n));

const through = async (tar: Uint8Array, length: number): Promise<Buffer> =>
  Buffer.concat(
    await Array.fromAsync(retimed(pieces(tar, length), noLaterThan(1_000_000_000)), (piece) => Buffer.from(piece)),
  );

describe("retimed()", () => {
  test.each([1, 100, 512, 513, 100_000])("lowers what is too new, in pieces of %i bytes", async (length) => {
    const tar = Uint8Array.from(writeTar(MEMBERS));
    const out = await through(tar, length);
    expect(seconds(entriesOf(out))).toEqual([1e9, 1e9, 1e9, 5, 1e9]);
    const names = (entries: readonly TarEntry[]) => entries.map(({ name, size, linkName }) => [name, size, linkName]);
    expect(names(entriesOf(out))).toEqual(names(entriesOf(tar)));
    expect(out.includes("x".repeat(700))).toBe(true);
  });

  test("leaves a stream alone that has nothing newer", async () => {
    const tar = Uint8Array.from(writeTar([{ type: "file", name: "a", data: Buffer.from("a"), mtimeSec: 1 }]));
    expect(Buffer.compare(await through(tar, 300), tar)).toBe(0);
  });

  test("refuses a stream that ends inside an entry", async () => {
    const tar = Uint8Array.from(writeTar(MEMBERS)).subarray(0, 1100);
    await expect(through(tar, 512)).rejects.toThrow(TarError);
  });

  test("changes the times of extended headers too", async () => {
    const tar = Uint8Array.from(
      writeTar([{ type: "file", name: "a", data: Buffer.from("a"), mtimeSec: 1, pax: { mtime: "2000000000.5" } }]),
    );
    expect(seconds(entriesOf(await through(tar, 512)))).toEqual([1e9]);
  });
});
