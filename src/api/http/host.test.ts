import { expect, test } from "bun:test";
import { findGroup, parseHosts } from "./host.ts";

test("parseHosts() takes sockets by path and by descriptor", () => {
  expect(parseHosts(["unix:///run/a.sock", "fd://"], 2)).toEqual([
    { kind: "unix", path: "/run/a.sock" },
    { kind: "fd", fd: 3 },
    { kind: "fd", fd: 4 },
  ]);
  expect(parseHosts(["fd://4"], 2)).toEqual([{ kind: "fd", fd: 4 }]);
});

test.each([
  ["tcp://0.0.0.0:2375", "TCP needs TLS client certificates"],
  ["unix://relative", "must be absolute"],
  [`unix:///${"a".repeat(107)}`, "at most 107 bytes"],
  ["fd://", "socket activation passed none"],
  ["http://x", "must begin with unix:// or fd://"],
  ["/run/a.sock", "must begin with unix:// or fd://"],
])("parseHosts() refuses %s", (host, why) => {
  expect(() => parseHosts([host], 0)).toThrow(why);
});

test("findGroup() finds the first group that exists", () => {
  const file = "root:x:0:\ndocker:x:998:a,b\nbroken\ntare:x:\n";
  expect([findGroup(file, ["tare", "docker"]), findGroup(file, ["docker"]), findGroup(file, ["nobody"])]).toEqual([
    998,
    998,
    undefined,
  ]);
});
