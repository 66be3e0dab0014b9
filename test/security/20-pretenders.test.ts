/**
 * SECURITY row 20 with several neighbours: on two wires, and one behind another. What is meant for all they reach, by every way; what is not,
 * they reach by none, whoever they pretend to be and however little the host's kernel checks that by itself.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Place, ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

const NEAR = { ipv4: "192.0.2.1", ipv6: "2001:db8:1::1" };
const OTHER = { ipv4: "198.51.100.1", ipv6: "2001:db8:2::1" };
const HERE = [NEAR.ipv4, OTHER.ipv4, NEAR.ipv6, OTHER.ipv6];

/** Sends from an address and port of its own choice; nobody can answer to that. */
const PRETEND = `
import socket, sys
source, target, port = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((source, 0))
for _ in range(3): s.sendto(b"let me in", (target, int(port)))
`;

let host: ScratchHost;
let engine: TestEngine;
/** Each with a default route by way of the host. */
let neighbours: Record<"near" | "other" | "far", Place>;
let victim: Place;
const addresses: Record<string, { readonly ipv4: string; readonly ipv6: string }> = {};

beforeAll(async () => {
  host = new ScratchHost();
  const near = await wire(NEAR, "192.0.2.9", "2001:db8:1::9");
  const other = await wire(OTHER, "198.51.100.9", "2001:db8:2::9");
  neighbours = { near, other, far: await behind(near) };
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  const networks = ["--ipv6", "--subnet", "fd20:1::/64", "net"];
  await engine.dockerOutput("network", "create", ...networks);
  await engine.dockerOutput("network", "create", "--internal", "inside");
  victim = await start("victim", "-p", "8080:80", "-p", "8080:53/udp", ...LOOPBACK.flatMap((port) => ["-p", port]));
  await victim.serve("tcp:80", "udp:53", "tcp:81", "udp:54");
  await start("sibling");
  trustEverybody();
});
afterAll(async () => {
  victim[Symbol.dispose]();
  await engine[Symbol.asyncDispose]();
  host[Symbol.dispose]();
});

const LOOPBACK = ["127.0.0.1:8081:81", "127.0.0.1:8081:54/udp", "[::1]:8081:81", "[::1]:8081:54/udp"];

/** A neighbour at the other end of a cable, to which the host has these addresses. */
async function wire(here: typeof NEAR, ipv4: string, ipv6: string): Promise<Place> {
  const neighbour = await host.neighbour(`${here.ipv4}/24`, `${ipv4}/24`);
  host.run("ip", "address", "add", `${here.ipv6}/64`, "dev", `n${neighbour.pid}`, "nodad");
  neighbour.run("ip", "address", "add", `${ipv6}/64`, "dev", "eth0", "nodad");
  neighbour.run("ip", "route", "add", "default", "via", here.ipv4);
  neighbour.run("ip", "-6", "route", "add", "default", "via", here.ipv6);
  return neighbour;
}

/** One whose cable ends at another neighbour, which forwards. */
async function behind(router: Place): Promise<Place> {
  const far = await host.neighbour("203.0.113.1/24", "203.0.113.9/24");
  const cable = `n${far.pid}`;
  host.run("ip", "link", "set", cable, "netns", String(router.pid));
  router.run("ip", "link", "set", cable, "up");
  router.run("ip", "address", "add", "203.0.113.1/24", "dev", cable);
  router.run("ip", "address", "add", "2001:db8:3::1/64", "dev", cable, "nodad");
  router.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  far.run("ip", "address", "add", "2001:db8:3::9/64", "dev", "eth0", "nodad");
  far.run("ip", "route", "add", "default", "via", "203.0.113.1");
  far.run("ip", "-6", "route", "add", "default", "via", "2001:db8:3::1");
  host.run("ip", "route", "add", "203.0.113.0/24", "via", "192.0.2.9");
  host.run("ip", "-6", "route", "add", "2001:db8:3::/64", "via", "2001:db8:1::9");
  return far;
}

/** The namespace of a new container that sleeps. */
async function start(name: string, ...flags: readonly string[]): Promise<Place> {
  const command = ["busybox", "sleep", "1000"];
  await engine.dockerOutput("run", "-d", "--name", name, "--network", "net", ...flags, ...command);
  const format = "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}";
  const [pid = "", ipv4 = "", ipv6 = ""] = (await engine.dockerOutput("inspect", "-f", format, name)).split(" ");
  addresses[name] = { ipv4, ipv6 };
  return new Place(Number(pid), `/proc/${pid}/ns/net`);
}

const addressOf = (name: string): { readonly ipv4: string; readonly ipv6: string } => {
  const found = addresses[name];
  if (found === undefined) throw new Error(`${name} was not started`);
  return found;
};

/** The kernel takes whatever source a packet says it has, and loopback addresses from anywhere. */
function trustEverybody(): void {
  const devices = ["all", "default", ...Object.values(neighbours).map(({ pid }) => `n${pid}`)];
  const present = devices.filter((device) => host.run("ls", "/proc/sys/net/ipv4/conf").split("\n").includes(device));
  for (const device of present) {
    const settings = ["rp_filter=0", "accept_local=1", "route_localnet=1"];
    host.sysctl(...settings.map((setting) => `net.ipv4.conf.${device}.${setting}`));
  }
}

type Target = readonly [kind: "tcp" | "udp", address: string, port: number];

async function reachedBy(from: Place, targets: readonly Target[]): Promise<string[]> {
  const seen = await Promise.all(targets.map(([kind, address, port]) => from.reaches(kind, address, port)));
  return targets.filter((_, at) => seen[at] !== undefined).map((target) => target.join(" "));
}

const published = (port: number): Target[] =>
  HERE.flatMap((address): Target[] => [
    ["tcp", address, port],
    ["udp", address, port],
  ]);

test("all of them reach what is published for all, under every address of the host", async () => {
  for (const neighbour of Object.values(neighbours)) {
    expect(await reachedBy(neighbour, published(8080))).toEqual(published(8080).map((target) => target.join(" ")));
  }
});

test("none of them reaches a container by its own address, or what is published on loopback", async () => {
  const own = Object.values(addressOf("victim")).flatMap((address): Target[] => [
    ["tcp", address, 80],
    ["udp", address, 53],
    ["tcp", address, 81],
    ["udp", address, 54],
  ]);
  const loopback: Target[] = [
    ["tcp", "127.0.0.1", 8081],
    ["udp", "127.0.0.1", 8081],
  ];
  expect(await reachedBy(host, [...own, ...loopback])).toHaveLength(own.length + loopback.length);
  for (const neighbour of Object.values(neighbours)) {
    expect(await reachedBy(neighbour, [...own, ...published(8081)])).toEqual([]);
  }
});

/** How many datagrams came to the namespace so far, whether anybody listened or not. */
function datagrams(place: Place): number {
  const [, values = ""] = place
    .run("cat", "/proc/net/snmp")
    .split("\n")
    .filter((line) => line.startsWith("Udp: "));
  const [, received = "0", unwanted = "0"] = values.split(" ");
  const sixth = [...place.run("cat", "/proc/net/snmp6").matchAll(/^Udp6(?:InDatagrams|NoPorts)\s+(\d+)$/gm)];
  return sixth.reduce((sum, [, count]) => sum + Number(count), Number(received) + Number(unwanted));
}

/** Sends to each target from each address, which is the neighbour's own as long as that takes. */
function pretend(neighbour: Place, sources: readonly string[], targets: readonly Target[]): void {
  for (const source of sources) {
    const own = source.includes(":") ? [`${source}/128`, "dev", "eth0", "nodad"] : [`${source}/32`, "dev", "eth0"];
    if (source !== "127.0.0.1") neighbour.run("ip", "address", "add", ...own);
    for (const [, address, port] of targets.filter(([, to]) => to.includes(":") === source.includes(":"))) {
      neighbour.run("python3", "-S", "-c", PRETEND, source, address, String(port));
    }
    if (source !== "127.0.0.1") neighbour.run("ip", "address", "del", ...own.slice(0, 3));
  }
}

test("nor does anything arrive from one who pretends to be a container, the host or somebody else", async () => {
  const { ipv4, ipv6 } = addressOf("victim");
  const gateway = ipv4.replace(/\d+$/, "1");
  const sources = [
    addressOf("sibling").ipv4,
    addressOf("sibling").ipv6,
    gateway,
    NEAR.ipv4,
    "203.0.113.9",
    "127.0.0.1",
  ];
  const targets: Target[] = [
    ["udp", ipv4, 53],
    ["udp", ipv4, 54],
    ["udp", ipv6, 53],
    ["udp", "127.0.0.1", 8081],
    ["udp", OTHER.ipv4, 8081],
  ];
  const { other } = neighbours;
  other.aimAtLoopback(OTHER.ipv4);
  const before = datagrams(victim);
  pretend(other, sources, targets);
  // Where everybody may come, a pretender is let in, since this kernel does not look at sources: so it can pretend.
  pretend(other, ["203.0.113.9"], [["udp", OTHER.ipv4, 8080]]);
  expect(await reachedBy(other, [["udp", OTHER.ipv4, 8080]])).toHaveLength(1);
  expect(datagrams(victim) - before).toBe(3 + 1);
});

test("containers of an internal network reach none of the neighbours, and nothing that others have published", async () => {
  await neighbours.near.serve("tcp:7777");
  await engine.dockerOutput("run", "-d", "--name", "hidden", "--network", "inside", "busybox", "sleep", "1000");
  const pid = await engine.dockerOutput("inspect", "-f", "{{.State.Pid}}", "hidden");
  const gateway = await engine.dockerOutput("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "inside");
  const hidden = new Place(Number(pid), `/proc/${pid}/ns/net`);
  const targets: Target[] = [
    ["tcp", "192.0.2.9", 7777],
    ["tcp", gateway, 8080],
    ["udp", gateway, 8080],
  ];
  expect(await reachedBy(hidden, targets)).toEqual([]);
  // Not even when it has found a way.
  hidden.run("ip", "route", "add", "default", "via", gateway);
  expect(await reachedBy(hidden, [...targets, ...published(8080)])).toEqual([]);
  expect(
    await reachedBy(victim, [
      ["tcp", "192.0.2.9", 7777],
      ["tcp", gateway, 8080],
    ]),
  ).toHaveLength(2);
});
