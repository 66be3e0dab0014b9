import { expect, test } from "bun:test";
import { decodeContainerCreate } from "../decode/container-create.ts";
import { parseBind } from "./binds.ts";
import { parseCpuset } from "./cpuset.ts";
import { checkMounts } from "./mounts.ts";
import { checkName } from "./name.ts";

const check = (host: Record<string, unknown>): void =>
  checkMounts(decodeContainerCreate({ Image: "x", HostConfig: host }).hostConfig);

test("parseBind() takes the three spellings apart", () => {
  expect(parseBind("/src:/dst/:ro,z")).toEqual({
    type: "bind",
    source: "/src",
    destination: "/dst",
    options: ["ro", "z"],
  });
  expect(parseBind("cache:/cache")).toEqual({ type: "volume", source: "cache", destination: "/cache", options: [] });
  expect(parseBind("/anonymous")).toEqual({ type: "volume", source: "", destination: "/anonymous", options: [] });
});

// The messages are those of Docker 28.5.2.
test.each([
  ["", "invalid volume specification: ''"],
  ["/tmp:", "invalid volume specification: '/tmp:'"],
  [":/b", "invalid volume specification: ':/b'"],
  ["/a:ro", "invalid volume specification: '/a:ro'"],
  ["/tmp:/b:ro:z", "invalid volume specification: '/tmp:/b:ro:z'"],
  [
    "a",
    "invalid volume specification: 'a': invalid mount config for type \"volume\": invalid mount path: 'a' mount path must be absolute",
  ],
  [
    "/tmp:b",
    "invalid volume specification: '/tmp:b': invalid mount config for type \"bind\": invalid mount path: 'b' mount path must be absolute",
  ],
  [
    "/tmp:/",
    "invalid volume specification: '/tmp:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
  ],
  [
    "/tmp:/b/..",
    "invalid volume specification: '/tmp:/b/..': invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
  ],
  ["/tmp:/b:foo", "invalid mode: foo"],
  ["/tmp:/b:ro,rw", "invalid mode: ro,rw"],
  ["/tmp:/b:z,Z", "invalid mode: z,Z"],
  ["/tmp:/b:,ro", "invalid mode: ,ro"],
  [
    "/tmp:/b:nocopy",
    "invalid volume specification: '/tmp:/b:nocopy': invalid mount config for type \"bind\": field VolumeOptions must not be specified",
  ],
  [
    "vvv:/b:shared",
    "invalid volume specification: 'vvv:/b:shared': invalid mount config for type \"volume\": field BindOptions must not be specified",
  ],
  ["v:/b", "create v: volume name is too short, names should be at least two alphanumeric characters"],
  [
    "./a:/b",
    'create ./a: "./a" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  ],
])("parseBind() refuses %j as Docker does", (spec, message) => {
  expect(() => parseBind(spec)).toThrow(new Error(message));
});

test.each([
  ["no target", { Type: "bind" }, 'invalid mount config for type "bind": field Target must not be empty'],
  ["no source", { Type: "bind", Target: "/b" }, 'invalid mount config for type "bind": field Source must not be empty'],
  [
    "a relative target",
    { Type: "bind", Target: "b", Source: "/tmp" },
    "invalid mount config for type \"bind\": invalid mount path: 'b' mount path must be absolute",
  ],
  [
    "a relative source",
    { Type: "bind", Target: "/b", Source: "tmp" },
    "invalid mount config for type \"bind\": invalid mount path: 'tmp' mount path must be absolute",
  ],
  [
    "the root as target",
    { Type: "bind", Target: "/", Source: "/tmp" },
    "invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
  ],
  ["an unknown type", { Type: "foo", Target: "/b" }, 'invalid mount config for type "foo": mount type unknown'],
  [
    "a type of Windows",
    { Type: "npipe", Target: "/b", Source: "x" },
    'invalid mount config for type "npipe": mount type unknown',
  ],
  [
    "another type's options",
    { Type: "bind", Target: "/b", Source: "/tmp", VolumeOptions: {} },
    'VolumeOptions must not be specified on mount type "bind"',
  ],
  [
    "unknown propagation",
    { Type: "bind", Target: "/b", Source: "/tmp", BindOptions: { Propagation: "foo" } },
    'invalid mount config for type "bind": invalid propagation mode: foo',
  ],
  [
    "a part of an anonymous volume",
    { Type: "volume", Target: "/b", VolumeOptions: { Subpath: "a" } },
    'invalid mount config for type "volume": must not set Subpath when using anonymous volumes',
  ],
  [
    "a part outside the volume",
    { Type: "volume", Target: "/b", Source: "vv", VolumeOptions: { Subpath: "../a" } },
    'invalid mount config for type "volume": subpath must be a relative path within the volume',
  ],
  [
    "a source for tmpfs",
    { Type: "tmpfs", Target: "/b", Source: "x" },
    'invalid mount config for type "tmpfs": field Source must not be specified',
  ],
  [
    "an unknown tmpfs option",
    { Type: "tmpfs", Target: "/b", TmpfsOptions: { Options: [["uid", "5"]] } },
    'invalid mount config for type "tmpfs": invalid option: uid',
  ],
  [
    "an image mount without image",
    { Type: "image", Target: "/b" },
    'invalid mount config for type "image": field Source must not be empty',
  ],
])("checkMounts() refuses %s as Docker does", (_what, mount, message) => {
  expect(() => check({ Mounts: [mount] })).toThrow(new Error(message));
});

test.each([
  ["two binds", { Binds: ["/tmp:/b", "/var:/b/"] }],
  ["a bind and a mount", { Binds: ["/tmp:/b"], Mounts: [{ Type: "bind", Target: "/b", Source: "/var" }] }],
  ["a bind and a tmpfs", { Binds: ["/tmp:/b"], Tmpfs: { "/b": "" } }],
])("checkMounts() refuses %s in one place", (_what, host) => {
  expect(() => check(host)).toThrow("Duplicate mount point: /b");
});

test("checkMounts() refuses a tmpfs over the root, and a relative one", () => {
  expect(() => check({ Tmpfs: { "/": "" } })).toThrow("invalid specification: destination can't be '/'");
  expect(() => check({ Tmpfs: { a: "" } })).toThrow("invalid mount path: 'a' mount path must be absolute");
});

test("checkName() drops one slash and refuses what Docker refuses", () => {
  expect(checkName("/web_1.x-y")).toBe("web_1.x-y");
  for (const name of ["a", "a b", "-a", "/", "/a/b", "aé", "a\n"]) {
    expect(() => checkName(name)).toThrow(
      `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
});

test("parseCpuset() reads ranges and refuses what is none", () => {
  expect(parseCpuset("0-2,5")).toEqual(new Set([0, 1, 2, 5]));
  expect(parseCpuset("")).toEqual(new Set());
  expect(["a", "2-1", "1-", ",", "-1"].map(parseCpuset)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
