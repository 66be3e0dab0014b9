import { expect, test } from "bun:test";
import type { Mount } from "../../wire/host-config.ts";
import { mergeTmpfsOptions } from "./tmpfs.ts";
import { userMounts } from "./user-mounts.ts";

const binds = (...Binds: string[]) => userMounts({ Binds });
const mounts = (...Mounts: Mount[]) => userMounts({ Binds: null, Mounts });

test.each([
  [
    "/src:/dst",
    { type: "bind", source: "/src", destination: "/dst", readOnly: false, propagation: "rprivate", createSource: true },
  ],
  ["/src/:/dst/", { source: "/src", destination: "/dst" }],
  ["/src:/dst:ro", { readOnly: true }],
  ["/src:/dst:ro,rslave", { readOnly: true, propagation: "rslave" }],
  ["/src:/dst:z", { readOnly: false }],
  ["/src:/dst:", { readOnly: false }],
  ["name:/dst", { type: "volume", source: "name", destination: "/dst" }],
  ["/dst", { type: "volume", source: "", destination: "/dst" }],
])("a bind %p is understood", (text, expected) => {
  expect(binds(text)[0]).toMatchObject(expected);
});

test.each([
  [
    "x:y",
    `invalid volume specification: 'x:y': invalid mount config for type "volume": invalid mount path: 'y' mount path must be absolute`,
  ],
  [
    "/x:y",
    `invalid volume specification: '/x:y': invalid mount config for type "bind": invalid mount path: 'y' mount path must be absolute`,
  ],
  [
    "/x:/",
    `invalid volume specification: '/x:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
  ],
  ["/tmp:/a:ro,rw", "invalid mode: ro,rw"],
  ["/tmp:/a:bad", "invalid mode: bad"],
  ["/tmp:/a:ro:x", "invalid volume specification: '/tmp:/a:ro:x'"],
  ["", "invalid volume specification: ''"],
  [":/a", "invalid volume specification: ':/a'"],
  ["/tmp:", "invalid volume specification: '/tmp:'"],
  [
    "/tmp:/a:nocopy",
    `invalid volume specification: '/tmp:/a:nocopy': invalid mount config for type "bind": field VolumeOptions must not be specified`,
  ],
])("a bind %p is refused", (text, message) => {
  expect(() => binds(text)).toThrow(message);
});

test.each<[Mount, string]>([
  [
    { Type: "bind", Source: "/tmp", Target: "" },
    'invalid mount config for type "bind": field Target must not be empty',
  ],
  [{ Type: "bind", Source: "", Target: "/a" }, 'invalid mount config for type "bind": field Source must not be empty'],
  [
    { Type: "bind", Source: "x", Target: "/a" },
    `invalid mount config for type "bind": invalid mount path: 'x' mount path must be absolute`,
  ],
  [
    { Type: "bind", Source: "/tmp", Target: "a" },
    `invalid mount config for type "bind": invalid mount path: 'a' mount path must be absolute`,
  ],
  [
    { Type: "bind", Source: "/tmp", Target: "/" },
    `invalid mount config for type "bind": invalid specification: destination can't be '/'`,
  ],
  [{ Type: "npipe", Source: "/tmp", Target: "/a" }, 'invalid mount config for type "npipe": mount type unknown'],
  [
    { Type: "tmpfs", Source: "/tmp", Target: "/a" },
    'invalid mount config for type "tmpfs": field Source must not be specified',
  ],
  [
    { Type: "tmpfs", Target: "/a", TmpfsOptions: { Options: [["uid", "5"]] } },
    'invalid mount config for type "tmpfs": invalid option: uid=5',
  ],
  [
    { Type: "bind", Source: "/tmp", Target: "/a", BindOptions: { Propagation: "foo" } },
    'invalid mount config for type "bind": invalid propagation mode: foo',
  ],
  [
    { Type: "bind", Source: "/tmp", Target: "/a", TmpfsOptions: {} },
    'TmpfsOptions must not be specified on mount type "bind"',
  ],
  [{ Type: "tmpfs", Target: "/a", BindOptions: {} }, 'BindOptions must not be specified on mount type "tmpfs"'],
])("a mount %j is refused", (mount, message) => {
  expect(() => mounts(mount)).toThrow(message);
});

test("a mount's options arrive", () => {
  const [bind, tmpfs] = mounts(
    {
      Type: "bind",
      Source: "/src",
      Target: "/a",
      ReadOnly: true,
      BindOptions: { NonRecursive: true, Propagation: "shared", CreateMountpoint: true },
    },
    { Type: "tmpfs", Target: "/b", TmpfsOptions: { SizeBytes: 1024, Mode: 0o700, Options: [["exec"]] } },
  );
  expect(bind).toMatchObject({ readOnly: true, recursive: false, propagation: "shared", createSource: true });
  expect(tmpfs?.options).toEqual(["nosuid", "nodev", "rprivate", "exec", "size=1024", "mode=700"]);
});

test("two mounts on one place are refused, however they are written", () => {
  expect(() => binds("/tmp:/a", "/tmp:/a/")).toThrow("Duplicate mount point: /a");
  expect(() => userMounts({ Binds: ["/tmp:/a"], Mounts: [{ Type: "tmpfs", Target: "/a" }] })).toThrow(
    "Duplicate mount point: /a",
  );
});

test("a mount takes the place of a tmpfs on the same directory", () => {
  const found = userMounts({ Binds: ["/tmp:/a"], Tmpfs: { "/a": "", "/b": "" } });
  expect(found.map(({ type, destination }) => `${type} ${destination}`).toSorted()).toEqual(["bind /a", "tmpfs /b"]);
});

test("mounts lie in the order of their depth", () => {
  expect(binds("/s:/a/b/c", "/s:/z", "/s:/a/b").map(({ destination }) => destination)).toEqual([
    "/z",
    "/a/b",
    "/a/b/c",
  ]);
});

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
