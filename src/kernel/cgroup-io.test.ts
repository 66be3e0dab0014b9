import { expect, test } from "bun:test";
import { ioOfV1, ioOfV2 } from "./cgroup-io.ts";

test("both versions' files tell what was read and written, device by device", () => {
  const expected = [
    { major: 254, minor: 0, op: "read", bytes: 1994752 },
    { major: 254, minor: 0, op: "write", bytes: 4096 },
  ] as const;
  const v1 =
    "254:0 Read 1994752\n254:0 Write 4096\n254:0 Sync 1998848\n254:0 Async 0\n254:0 Total 1998848\nTotal 1998848\n";
  expect(ioOfV1(v1)).toEqual([...expected]);
  expect(ioOfV2("254:0 rbytes=1994752 wbytes=4096 rios=5 wios=1 dbytes=0 dios=0\n")).toEqual([...expected]);
  expect([ioOfV1("Total 0\n"), ioOfV2("")]).toEqual([[], []]);
});
