import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { openPath } from "./at.ts";
import { O } from "./open-flags.ts";
import { encodeLimit, encodeProject, hasProjectQuota } from "./project-quota.ts";

test("a limit is what linux/dqblk_xfs.h says, in blocks of 512 bytes", () => {
  const limit = encodeLimit(0x01020304, 1025);
  expect(limit.length).toBe(112);
  expect(limit.subarray(0, 24).toString("hex")).toBe(`01020c0004030201${"0300000000000000".repeat(2)}`);
  expect(limit.subarray(24).every((byte) => byte === 0)).toBe(true);
});

test("a project is inherited, and the other attributes of its directory stay", () => {
  const before = Buffer.alloc(28);
  before.writeUInt32LE(0x40, 0);
  before.writeUInt32LE(7, 4);
  const after = encodeProject(before, 9);
  expect([after.readUInt32LE(0), after.readUInt32LE(4), after.readUInt32LE(12)]).toEqual([0x240, 7, 9]);
});

test("a file system without project quotas is known as one", () => {
  const dir = mkdtempSync("/dev/shm/tare-quota-");
  try {
    using opened = openPath(dir, O.RDONLY | O.DIRECTORY);
    expect(hasProjectQuota(opened.fd)).toBe(false);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
