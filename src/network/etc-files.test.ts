import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEtcFiles, type EtcFilesDeps, type EtcRequest } from "./etc-files.ts";

let root: string;
const path = (name: string): string => join(root, name);
const read = (name: string): string => readFileSync(path(name), "utf8");

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tare-etc-"));
  writeFileSync(path("host-hosts"), "127.0.0.1 host-only\n");
  writeFileSync(
    path("host-resolv"),
    "# made by hand\nnameserver 127.0.0.1\nnameserver 192.0.2.53\ndomain old\nsearch a.test b.test\noptions edns0\n",
  );
  writeFileSync(path("resolved"), "nameserver 192.0.2.99\n");
});

afterEach(() => rmSync(root, { recursive: true }));

const none = { nameservers: [], search: [], options: [] };

function write(
  hostConfig: Partial<EtcRequest["hostConfig"]> = {},
  request: Partial<EtcRequest> = {},
  deps: Partial<EtcFilesDeps> = {},
): void {
  createEtcFiles({
    hostFiles: { hosts: path("host-hosts"), resolvConf: path("host-resolv"), resolvedResolvConf: path("resolved") },
    dns: none,
    hostGateway: () => "172.31.0.1",
    ...deps,
  }).write(root, {
    hostname: "web",
    domainname: "",
    endpoints: { bridge: { IPAddress: "172.31.0.2" } },
    ...request,
    hostConfig: { NetworkMode: "bridge", Dns: [], DnsSearch: [], DnsOptions: [], ExtraHosts: null, ...hostConfig },
  });
}

const COMMON = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

test("hosts has the common lines, the ones asked for and the container's own, as Docker writes them", () => {
  write({ ExtraHosts: ["a:1.2.3.4", "b:host-gateway", "v6:::1"] }, { hostname: "foo", domainname: "bar" });
  expect(read("hosts")).toBe(`${COMMON}1.2.3.4\ta\n172.31.0.1\tb\n::1\tv6\n172.31.0.2\tfoo.bar foo\n`);
});

test.each([
  ["web", "web"],
  ["foo.bar", "foo.bar foo"],
])("the hostname %j stands in hosts as %j, and whole in hostname", (hostname, names) => {
  write({}, { hostname });
  expect(read("hosts")).toBe(`${COMMON}172.31.0.2\t${names}\n`);
  expect(read("hostname")).toBe(`${hostname}\n`);
});

test("host-gateway is refused while it has no address", () => {
  expect(() => write({ ExtraHosts: ["b:host-gateway"] }, {}, { hostGateway: () => "" })).toThrow("host-gateway");
});

test("without an address the container has no line of its own", () => {
  write({ NetworkMode: "none" }, { endpoints: { none: { IPAddress: "" } } });
  expect(read("hosts")).toBe(COMMON);
});

test("on the host's network the host's names are seen, unless others are asked for", () => {
  const endpoints = { host: { IPAddress: "" } };
  write({ NetworkMode: "host" }, { endpoints });
  expect(read("hosts")).toBe("127.0.0.1 host-only\n");
  write({ NetworkMode: "host", ExtraHosts: ["a:1.2.3.4"] }, { endpoints });
  expect(read("hosts")).toBe(`${COMMON}1.2.3.4\ta\n`);
});

const resolvConf = (): string[] => read("resolv.conf").trim().split("\n").slice(1);

test("loopback servers of the host are left out, its search and options kept", () => {
  write();
  expect(resolvConf()).toEqual(["nameserver 192.0.2.53", "search a.test b.test", "options edns0"]);
});

test("on the host's network its servers are all kept", () => {
  write({ NetworkMode: "host" });
  expect(resolvConf()).toContain("nameserver 127.0.0.1");
});

test.each([
  [
    "nameserver 127.0.0.53\nsearch x\n",
    ["nameserver 192.0.2.99"],
    "systemd-resolved's own file is read in place of its stub",
  ],
  [
    "nameserver 127.0.0.11\nnameserver ::1\n",
    ["nameserver 8.8.8.8", "nameserver 8.8.4.4"],
    "public servers stand in when none is reachable",
  ],
  ["", ["nameserver 8.8.8.8", "nameserver 8.8.4.4"], "public servers stand in when none is named"],
])("from %j the container gets %j: %s", (text, lines) => {
  writeFileSync(path("host-resolv"), text);
  write();
  expect(resolvConf()).toEqual(lines);
});

test("a missing host file counts as an empty one", () => {
  rmSync(path("host-resolv"));
  write();
  expect(resolvConf()).toEqual(["nameserver 8.8.8.8", "nameserver 8.8.4.4"]);
});

test("the container's settings go before the engine's, and the engine's before the host's", () => {
  const dns = { nameservers: ["9.9.9.9"], search: ["engine.test"], options: ["ndots:3"] };
  write({ Dns: ["1.1.1.1"], DnsSearch: ["."] }, {}, { dns });
  expect(resolvConf()).toEqual(["nameserver 1.1.1.1", "options ndots:3"]);
});

test("the files are readable for everybody whatever the umask, and rewritten in place", () => {
  const umask = process.umask(0o077);
  write();
  const { ino } = statSync(path("hosts"));
  write({}, { hostname: "other" });
  process.umask(umask);
  expect(statSync(path("hosts")).ino).toBe(ino);
  for (const name of ["hosts", "resolv.conf", "hostname"]) expect(statSync(path(name)).mode & 0o777).toBe(0o644);
});
