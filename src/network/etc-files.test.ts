import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContainerDns } from "./container-dns.ts";
import { createEtcFiles, type EtcFiles, type EtcRequest } from "./etc-files.ts";
import type { DnsSettings } from "./resolv-conf.ts";

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

type Settings = Partial<EtcRequest["hostConfig"]>;
type Rest = Partial<Omit<EtcRequest, "hostConfig">>;

const endpoint = (IPAddress: string, GlobalIPv6Address = "") => ({ IPAddress, GlobalIPv6Address });

function request(hostConfig: Settings = {}, rest: Rest = {}): EtcRequest {
  return {
    hostname: "web",
    domainname: "",
    endpoints: { bridge: endpoint("172.31.0.2") },
    links: [],
    ...rest,
    hostConfig: { NetworkMode: "bridge", Dns: [], DnsSearch: [], DnsOptions: [], ExtraHosts: null, ...hostConfig },
  };
}

interface Engine {
  readonly hostGateways?: () => readonly string[];
  readonly dns?: DnsSettings;
}

function files({
  hostGateways = () => ["172.31.0.1"],
  dns = { nameservers: [], search: [], options: [] },
}: Engine = {}): EtcFiles {
  return createEtcFiles({
    hostsFile: path("host-hosts"),
    dns: createContainerDns({
      hostFiles: { resolvConf: path("host-resolv"), resolvedResolvConf: path("resolved") },
      dns,
    }),
    hostGateways,
  });
}

const write = (hostConfig: Settings = {}, rest: Rest = {}, engine: Engine = {}): unknown =>
  files(engine).write(root, request(hostConfig, rest));

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
  expect(() => write({ ExtraHosts: ["b:host-gateway"] }, {}, { hostGateways: () => [] })).toThrow("host-gateway");
});

test("host-gateway is every address that the host has on the bridge", () => {
  write({ ExtraHosts: ["b:host-gateway"] }, {}, { hostGateways: () => ["172.31.0.1", "fd00::1"] });
  expect(read("hosts")).toBe(`${COMMON}172.31.0.1\tb\nfd00::1\tb\n172.31.0.2\tweb\n`);
});

test("a link's address changes in its place, and nothing else", () => {
  write(
    {},
    {
      links: [
        ["172.31.0.9", "db 0123456789ab postgres"],
        ["172.31.0.8", "dbx"],
      ],
    },
  );
  files().readdress(root, [
    ["172.31.0.7", "db 0123456789ab postgres"],
    ["172.31.0.6", "unknown"],
  ]);
  expect(read("hosts")).toBe(`${COMMON}172.31.0.7\tdb 0123456789ab postgres\n172.31.0.8\tdbx\n172.31.0.2\tweb\n`);
});

test("without an address the container has no line of its own", () => {
  write({ NetworkMode: "none" }, { endpoints: { none: endpoint("") } });
  expect(read("hosts")).toBe(COMMON);
});

test("on the host's network the host's names are seen, unless others are asked for", () => {
  const endpoints = { host: endpoint("") };
  write({ NetworkMode: "host" }, { endpoints });
  expect(read("hosts")).toBe("127.0.0.1 host-only\n");
  write({ NetworkMode: "host", ExtraHosts: ["a:1.2.3.4"] }, { endpoints });
  expect(read("hosts")).toBe(`${COMMON}1.2.3.4\ta\n`);
});

test("IPv6 addresses of the container stand beside the others, and none at all where it has none", () => {
  const endpoints = { front: endpoint("172.31.0.2", "fd00::2"), back: endpoint("", "fd00:1::2") };
  write({ ExtraHosts: ["v6:::1"] }, { endpoints });
  expect(read("hosts")).toBe(`${COMMON}::1\tv6\n172.31.0.2\tweb\nfd00::2\tweb\nfd00:1::2\tweb\n`);
  write({ ExtraHosts: ["v6:::1"], Sysctls: { "net.ipv6.conf.all.disable_ipv6": "1" } }, { endpoints });
  expect(read("hosts")).toBe("127.0.0.1\tlocalhost\n172.31.0.2\tweb\n");
});

test("links stand between what was asked for and the container itself", () => {
  write({ ExtraHosts: ["a:1.2.3.4"] }, { links: [["172.31.0.9", "db 0123456789ab postgres"]] });
  expect(read("hosts")).toBe(`${COMMON}1.2.3.4\ta\n172.31.0.9\tdb 0123456789ab postgres\n172.31.0.2\tweb\n`);
});

/** What follows the head that says who wrote it. */
const resolvConf = (): string[] => read("resolv.conf").trim().split("\n").slice(4);

test("resolv.conf says where it is from", () => {
  write();
  expect(read("resolv.conf")).toBe(`# Generated by Docker Engine.
# This file can be edited; Docker Engine will not make further changes once it
# has been modified.

nameserver 192.0.2.53
search a.test b.test
options edns0

# Based on host file: '${path("host-resolv")}' (legacy)
# Overrides: []
`);
});

/** The settings alone. */
const settings = (): string[] => resolvConf().filter((line) => line !== "" && !line.startsWith("#"));

test("on the host's network its servers are all kept", () => {
  write({ NetworkMode: "host" }, { endpoints: { host: endpoint("") } });
  expect(settings()).toContain("nameserver 127.0.0.1");
  expect(resolvConf()).toContain(`# Based on host file: '${path("host-resolv")}'`);
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
  [
    "nameserver x\nsortlist 1.2.3.4\nnameserver 9.9.9.9",
    ["nameserver 9.9.9.9", "sortlist 1.2.3.4"],
    "what is unknown stays",
  ],
])("from %j the container gets %j: %s", (text, lines) => {
  writeFileSync(path("host-resolv"), text);
  write();
  expect(settings()).toEqual(lines);
});

test("IPv6 servers of the host are for containers that have IPv6", () => {
  writeFileSync(path("host-resolv"), "nameserver 2001:db8::53\n");
  write();
  expect(settings()).toEqual(["nameserver 8.8.8.8", "nameserver 8.8.4.4"]);
  write({}, { endpoints: { bridge: endpoint("172.31.0.2", "fd00::2") } });
  expect(settings()).toEqual(["nameserver 2001:db8::53"]);
});

test("a missing host file counts as an empty one", () => {
  rmSync(path("host-resolv"));
  write();
  expect(settings()).toEqual(["nameserver 8.8.8.8", "nameserver 8.8.4.4"]);
  expect(resolvConf()).toContain("# Used default nameservers.");
});

test("the container's settings go before the engine's, and the engine's before the host's", () => {
  const dns = { nameservers: ["9.9.9.9"], search: ["engine.test"], options: ["ndots:3"] };
  write({ Dns: ["1.1.1.1"], DnsSearch: ["."] }, {}, { dns });
  expect(settings()).toEqual(["nameserver 1.1.1.1", "options ndots:3"]);
  expect(resolvConf().slice(-2)).toEqual([
    "# Overrides: [nameservers search options]",
    "# Option ndots from: override",
  ]);
});

const front = { endpoints: { front: endpoint("172.31.1.2") } };

test("on a network with names the resolver is named, and who is behind it", () => {
  write({ NetworkMode: "front" }, front);
  expect(resolvConf()).toEqual([
    "nameserver 127.0.0.11",
    "search a.test b.test",
    "options edns0 ndots:0",
    "",
    `# Based on host file: '${path("host-resolv")}' (internal resolver)`,
    "# ExtServers: [host(127.0.0.1) host(192.0.2.53)]",
    "# Overrides: []",
    "# Option ndots from: internal",
  ]);
});

test.each([
  [{ DnsOptions: ["ndots:x", "rotate"] }, "options rotate ndots:0", "# Option ndots from: internal"],
  [{ DnsOptions: ["ndots:5"] }, "options ndots:5", "# Option ndots from: override"],
  [{ Dns: ["127.0.0.11", "1.1.1.1"] }, "options edns0 ndots:0", "# ExtServers: [127.0.0.11 1.1.1.1]"],
])("behind the resolver %j leads to %j and %j", (hostConfig, options, remark) => {
  write({ NetworkMode: "front", ...hostConfig }, front);
  expect(resolvConf()).toContain(options);
  expect(resolvConf()).toContain(remark);
});

test("the resolver can ask systemd-resolved's stub, which the container cannot", () => {
  writeFileSync(path("host-resolv"), "nameserver 127.0.0.53\n");
  write({ NetworkMode: "front" }, front);
  expect(resolvConf()).toContain("# ExtServers: [host(127.0.0.53)]");
  writeFileSync(path("host-resolv"), "");
  write({ NetworkMode: "front" }, front);
  expect(resolvConf()).toContain("# NO EXTERNAL NAMESERVERS DEFINED");
});

const both = { endpoints: { bridge: endpoint("172.31.0.2"), front: endpoint("172.31.1.2", "fd00::2") } };

test("a connection adds the container's lines, and names the resolver; its end takes the lines away", () => {
  write();
  files().update(root, request(), request({}, both));
  expect(read("hosts")).toBe(`${COMMON}172.31.0.2\tweb\n172.31.1.2\tweb\nfd00::2\tweb\n`);
  expect(settings()).toContain("nameserver 127.0.0.11");
  files().update(root, request({}, both), request());
  expect(read("hosts")).toBe(`${COMMON}172.31.0.2\tweb\n`);
  expect(settings()).toContain("nameserver 127.0.0.11");
});

test("what the container itself has written stays", () => {
  write();
  writeFileSync(path("hosts"), `${read("hosts")}1.1.1.1 mine\n`);
  writeFileSync(path("resolv.conf"), "nameserver 1.1.1.1\n");
  files().update(root, request(), request({}, both));
  expect(read("hosts")).toBe(`${COMMON}172.31.0.2\tweb\n1.1.1.1 mine\n172.31.1.2\tweb\nfd00::2\tweb\n`);
  expect(read("resolv.conf")).toBe("nameserver 1.1.1.1\n");
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

test.each(["1.1.1.1\noptions x", "fe80::1%eth0 x", "fe80::1%eth0\noptions x", "localhost", ""])(
  "a server that is no address, and may smuggle in a line, is refused: %j",
  (server) => expect(() => write({ Dns: [server] })).toThrow(`bad nameserver address ${server}: ParseAddr(`),
);

test("a server's address may have a zone", () => {
  write({ Dns: ["fe80::1%eth0"] });
  expect(read("resolv.conf")).toContain("nameserver fe80::1%eth0\n");
});
