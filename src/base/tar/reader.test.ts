import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { nameBytes, type TarEntry, TarError } from "./entry.ts";
import { DEFAULT_TAR_LIMITS, type TarLimits, TarReader } from "./reader.ts";
import { type TarMember, writeTar } from "./writer.ts";

interface Read {
  readonly entry: TarEntry;
  readonly data: Buffer;
}

function readTar(tar: Uint8Array, limits: Partial<TarLimits> = {}, chunkBytes = tar.length): Read[] {
  const found: Read[] = [];
  let current: { entry: TarEntry; parts: Buffer[] } | undefined;
  const handler = {
    entry: (entry: TarEntry) => {
      current = { entry, parts: [] };
    },
    data: (chunk: Uint8Array) => {
      current?.parts.push(Buffer.from(chunk));
    },
    end: () => {
      if (current !== undefined) found.push({ entry: current.entry, data: Buffer.concat(current.parts) });
    },
  };
  const reader = new TarReader(handler, { ...DEFAULT_TAR_LIMITS, ...limits });
  for (let at = 0; at < tar.length; at += chunkBytes) reader.push(tar.subarray(at, at + chunkBytes));
  reader.close();
  return found;
}

/** Changes one header's bytes and mends its checksum. */
function patchHeader(tar: Buffer, at: number, bytes: Uint8Array): Buffer {
  const patched = Buffer.from(tar);
  patched.set(bytes, at);
  patched.fill(0x20, 148, 156);
  const sum = patched.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  patched.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return patched;
}

const FILE: TarMember = { type: "file", name: "a", data: Buffer.from("hello") };

describe("TarReader", () => {
  test("reads what the writer wrote, however it is cut into chunks", () => {
    const member = fc.record({
      type: fc.constantFrom("file" as const, "directory" as const, "symlink" as const),
      name: fc.stringMatching(/^[a-zäß0-9/._ -]{1,150}[a-z]$/),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.integer({ min: 0, max: 0o7777777 }),
      mtimeSec: fc.integer({ min: 0, max: 0o77777777777 }),
      data: fc.uint8Array({ maxLength: 1500 }),
    });
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), fc.integer({ min: 1, max: 2000 }), (members, chunkBytes) => {
        const files = members.map((each) => (each.type === "file" ? each : { ...each, data: new Uint8Array(0) }));
        const found = readTar(writeTar(files), {}, chunkBytes);
        expect(
          found.map(({ entry: { type, name, mode, uid, mtimeNs }, data }) => ({
            type,
            name: nameBytes(name).toString(),
            mode,
            uid,
            mtimeNs,
            data: [...data],
          })),
        ).toEqual(
          files.map(({ type, name, mode, uid, mtimeSec, data }) => ({
            type,
            name,
            mode,
            uid,
            mtimeNs: BigInt(mtimeSec) * 1_000_000_000n,
            data: [...data],
          })),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each(["v7", "ustar", "oldgnu", "gnu", "posix"])("reads what GNU tar writes in its format %s", (format) => {
    const dir = mkdtempSync(join(tmpdir(), "tare-tar-"));
    try {
      const deep = format === "v7" ? "d" : "d".repeat(60);
      const long = format === "v7" || format === "ustar" ? `${deep}/file` : `${deep}/${"f".repeat(200)}`;
      mkdirSync(join(dir, deep));
      writeFileSync(join(dir, long), "content");
      const { stdout } = Bun.spawnSync(["tar", `--format=${format}`, "--mtime=@1234567890", "-cf", "-", deep], {
        cwd: dir,
      });
      const found = readTar(stdout);
      expect(found.map(({ entry }) => entry.name.replace(/\/$/, ""))).toEqual([deep, long]);
      expect(found.map(({ entry }) => entry.type)).toEqual(["directory", "file"]);
      expect(found[1]?.data.toString()).toBe("content");
      expect(found[1]?.entry.mtimeNs).toBe(1_234_567_890_000_000_000n);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test("keeps every byte of a name that is no UTF-8", () => {
    const tar = patchHeader(writeTar([FILE]), 0, Buffer.from([0xff, 0xfe, 0x2f, 0x80]));
    expect(nameBytes(readTar(tar)[0]!.entry.name)).toEqual(Buffer.from([0xff, 0xfe, 0x2f, 0x80]));
  });

  test("takes size, owner, time, names and attributes from extended headers", () => {
    const pax = {
      path: "täst/".repeat(40),
      linkpath: "x",
      uid: "3000000000",
      mtime: "-1.5",
      "SCHILY.xattr.user.k": new Uint8Array([0, 10, 255]),
    };
    const [read] = readTar(writeTar([{ type: "directory", name: "short", pax }]));
    expect(nameBytes(read!.entry.name).toString()).toBe("täst/".repeat(40));
    expect(read!.entry).toMatchObject({ linkName: "x", uid: 3_000_000_000, mtimeNs: -1_500_000_000n });
    expect(read!.entry.xattrs.get("user.k")).toEqual(Buffer.from([0, 10, 255]));
  });

  test("an extended header counts for the next entry only", () => {
    const found = readTar(writeTar([{ ...FILE, pax: { path: "long" } }, FILE]));
    expect(found.map(({ entry }) => entry.name)).toEqual(["long", "a"]);
  });

  test("reads numbers in base 256, also negative ones", () => {
    const uid = Buffer.from([0x80, 0, 0, 0, 0, 0x20, 0, 0]);
    expect(readTar(patchHeader(writeTar([FILE]), 108, uid))[0]!.entry.uid).toBe(0x200000);
    const time = Buffer.alloc(12, 0xff);
    expect(readTar(patchHeader(writeTar([FILE]), 136, time))[0]!.entry.mtimeNs).toBe(-1_000_000_000n);
  });

  test("tells where each entry's data lies", () => {
    const tar = writeTar([FILE, { ...FILE, name: "b", data: Buffer.from("second") }]);
    const { offset, size } = readTar(tar)[1]!.entry;
    expect(tar.subarray(offset, offset + size).toString()).toBe("second");
  });

  test("ignores what comes after the end mark, and needs none", () => {
    const tar = writeTar([FILE]);
    expect(readTar(Buffer.concat([tar, Buffer.from("rubbish")]))).toHaveLength(1);
    expect(readTar(tar.subarray(0, -1024))).toHaveLength(1);
  });

  test.each([
    ["a changed byte in a header", (tar: Buffer) => tar.fill("X", 5, 6), "archive/tar: invalid tar header"],
    [
      "random bytes",
      () => Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7919) & 0xff)),
      "archive/tar: invalid tar header",
    ],
    ["an end in the middle of a header", (tar: Buffer) => tar.subarray(0, 300), "unexpected EOF"],
    ["an end in the middle of data", (tar: Buffer) => tar.subarray(0, 514), "unexpected EOF"],
    [
      "a header after one zero block",
      (tar: Buffer) => Buffer.concat([Buffer.alloc(512), tar]),
      "archive/tar: invalid tar header",
    ],
    [
      "a type that nothing can be made of",
      (tar: Buffer) => patchHeader(tar, 156, Buffer.from("Z")),
      "unhandled tar header type 90",
    ],
    [
      "a sparse file",
      (tar: Buffer) => patchHeader(tar, 156, Buffer.from("S")),
      "sparse file in archive is not supported: a",
    ],
    [
      "a negative size",
      (tar: Buffer) => patchHeader(tar, 124, Buffer.alloc(12, 0xff)),
      "archive/tar: invalid tar header",
    ],
    [
      "an owner that means unchanged",
      (tar: Buffer) => patchHeader(tar, 108, Buffer.from([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])),
      "owner 4294967295 is out of range",
    ],
  ])("refuses %s", (_what, change, message) => {
    expect(() => readTar(change(writeTar([FILE])))).toThrow(message);
  });

  test.each([
    ["entries", { maxEntries: 1 }, writeTar([FILE, FILE]), "archive has more than 1 entries"],
    [
      "bytes of an extended header",
      { maxExtensionBytes: 100 },
      writeTar([{ ...FILE, pax: { comment: "x".repeat(200) } }]),
      "is larger than 100",
    ],
    [
      "bytes of a name",
      { maxNameBytes: 50 },
      writeTar([{ ...FILE, name: "n".repeat(60) }]),
      "file name too long in archive",
    ],
  ])("bounds %s", (_what, limits, tar, message) => {
    expect(() => readTar(tar, limits)).toThrow(message);
  });

  test.each(["9 a=b\n", "7 a=b\n\n", "x a=b\n", "5 ab\n", "99999999999 a=b\n", "06 a=b\n"])(
    "refuses the extended header %j",
    (body) => {
      const header = patchHeader(writeTar([{ ...FILE, data: Buffer.from(body) }]), 156, Buffer.from("x"));
      expect(() => readTar(header)).toThrow(TarError);
    },
  );

  test("any bytes are read or refused as a damaged archive", () => {
    const valid = writeTar([
      { ...FILE, pax: { path: "p", mtime: "1.5" } },
      { type: "directory", name: "d/" },
    ]);
    const damage = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.nat(valid.length), (changes, length) => {
        const tar = Buffer.from(valid.subarray(0, length));
        for (const [at, byte] of changes) if (at < tar.length) tar[at] = byte;
        try {
          readTar(tar);
        } catch (error) {
          expect(error).toBeInstanceOf(TarError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
