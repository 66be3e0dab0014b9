import { expect, test } from "bun:test";
import { mergeTmpfsOptions, toTmpfsOptions } from "./tmpfs.ts";

test.each([
  ["", ["noexec", "nosuid", "nodev", "rprivate"]],
  ["rw,exec,size=5m,mode=755", ["nosuid", "nodev", "rprivate", "exec", "size=5m", "mode=755"]],
  ["size=1m,size=2m", ["noexec", "nosuid", "nodev", "rprivate", "size=2m"]],
  ["ro", ["noexec", "nosuid", "nodev", "rprivate", "ro"]],
])("tmpfs options %p are merged with the safe ones", (text, merged) => {
  expect(mergeTmpfsOptions(text)).toEqual(merged);
});

test.each(["nosuch", "nosuch=1", "size", "exec=1"])("the tmpfs option %p is refused", (option) => {
  expect(() => mergeTmpfsOptions(option)).toThrow(`invalid tmpfs option "${option}"`);
});

test("the options of --mount type=tmpfs are merged with the safe ones", () => {
  const TmpfsOptions = { SizeBytes: 1024, Mode: 0o700, Options: [["exec"]] };
  expect(toTmpfsOptions({ Type: "tmpfs", Target: "/b", TmpfsOptions })).toEqual([
    "nosuid",
    "nodev",
    "rprivate",
    "exec",
    "size=1024",
    "mode=700",
  ]);
});
