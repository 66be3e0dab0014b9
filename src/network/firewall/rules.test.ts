import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { nullLogger } from "../../base/log.ts";
import type { PublishedPort } from "../ports/published-port.ts";
import { Firewall } from "./firewall.ts";
import type { BridgePolicy } from "./policy.ts";
import { type Place, ScratchHost } from "./scratch-host.ts";

setDefaultTimeout(60_000);

let host: ScratchHost;
let firewall: Firewall;

beforeEach(() => {
  host = new ScratchHost();
  firewall = new Firewall({ name: "tare_test", log: nullLogger });
});

afterEach(() => {
  firewall.destroy();
  host[Symbol.dispose]();
});

const policy = (bridge: string, changes: Partial<BridgePolicy> = {}): BridgePolicy => ({
  bridge,
  subnets: [],
  internal: false,
  icc: true,
  masquerade: true,
  gatewayMode: { ipv4: "nat", ipv6: "nat" },
  ...changes,
});

const port = (changes: Partial<PublishedPort> = {}): PublishedPort => ({
  hostIp: "0.0.0.0",
  hostPort: 8080,
  protocol: "tcp",
  containerIp: "10.1.0.2",
  containerPort: 80,
  bridge: "br1",
  ...changes,
});

/** Two networks with two containers each, all of which serve 80, and a neighbour that knows the way to them. */
async function twoNetworks(changes: Partial<BridgePolicy> = {}) {
  host.bridge("br1", "10.1.0.1/24", "fd01::1/64");
  host.bridge("br2", "10.2.0.1/24", "fd02::1/64");
  const on = (number: number, last: number): Promise<Place> =>
    host.container(
      `br${number}`,
      [`10.${number}.0.${last}/24`, `fd0${number}::${last}/64`],
      [`10.${number}.0.1`, `fd0${number}::1`],
    );
  const [one, sibling, other, neighbour] = await Promise.all([
    on(1, 2),
    on(1, 3),
    on(2, 2),
    host.neighbour("192.0.2.1/24", "192.0.2.9/24"),
  ]);
  neighbour.run("ip", "route", "add", "10.0.0.0/8", "via", "192.0.2.1");
  await Promise.all([one, sibling, other, neighbour].map((place) => place.serve("tcp:80", "udp:80", "tcp:81")));
  firewall.open([policy("br1", changes), policy("br2")], []);
  return { one, sibling, other, neighbour };
}

const reachable = async (from: Place, ...targets: readonly [string, number][]): Promise<(string | undefined)[]> =>
  Promise.all(targets.map(([address, number]) => from.reaches("tcp", address, number)));

test("a container reaches its neighbours and the world, the world under the host's address; nobody reaches it unasked", async () => {
  const { one, sibling, other, neighbour } = await twoNetworks();
  expect(await reachable(one, ["10.1.0.3", 80], ["fd01::3", 80], ["192.0.2.9", 80])).toEqual([
    "10.1.0.2",
    "fd01::2",
    "192.0.2.1",
  ]);
  expect(await reachable(host, ["10.1.0.2", 80])).toEqual(["10.1.0.1"]);
  expect(await reachable(sibling, ["10.2.0.2", 80], ["fd02::2", 80])).toEqual([undefined, undefined]);
  expect(await reachable(other, ["10.1.0.2", 80])).toEqual([undefined]);
  expect(await reachable(neighbour, ["10.1.0.2", 80])).toEqual([undefined]);
});

test("a published port is reached from everywhere under every address of the host, and the others are not", async () => {
  const { sibling, other, neighbour } = await twoNetworks();
  firewall.publish([port(), port({ protocol: "udp" }), port({ hostIp: "::", containerIp: "fd01::2" })]);
  expect(await reachable(neighbour, ["192.0.2.1", 8080], ["10.1.0.1", 8080])).toEqual(["192.0.2.9", "192.0.2.9"]);
  expect(await reachable(neighbour, ["10.1.0.2", 80], ["192.0.2.1", 80])).toEqual([undefined, undefined]);
  expect(await reachable(host, ["127.0.0.1", 8080], ["192.0.2.1", 8080], ["fd01::1", 8080])).toEqual([
    "10.1.0.1",
    "192.0.2.1",
    "fd01::1",
  ]);
  // From its own network and from another, by the host's address, and seen as the host.
  for (const from of [sibling, other]) {
    expect(await reachable(from, ["192.0.2.1", 8080], ["10.1.0.1", 8080])).toEqual(["10.1.0.1", "10.1.0.1"]);
  }
  expect(await reachable(other, ["fd02::1", 8080])).toEqual(["fd01::1"]);
  expect(await neighbour.reaches("udp", "192.0.2.1", 8080)).toBe("192.0.2.9");
  expect(await host.reaches("udp", "127.0.0.1", 8080)).toBe("10.1.0.1");
  firewall.unpublish([port(), port({ protocol: "udp" }), port()]);
  expect(await reachable(neighbour, ["192.0.2.1", 8080])).toEqual([undefined]);
});

test("a port on one address of the host is not reached under another", async () => {
  const { neighbour } = await twoNetworks();
  firewall.publish([port({ hostIp: "10.2.0.1" }), port({ hostIp: "fd02::1", containerIp: "fd01::2" })]);
  expect(await reachable(neighbour, ["10.2.0.1", 8080], ["192.0.2.1", 8080])).toEqual(["192.0.2.9", undefined]);
  expect(await reachable(host, ["10.2.0.1", 8080], ["127.0.0.1", 8080], ["fd02::1", 8080])).toEqual([
    "10.2.0.1",
    undefined,
    "fd02::1",
  ]);
});

test("a port on a loopback address is for the host alone, whatever its kernel is told to accept", async () => {
  const { sibling, neighbour } = await twoNetworks();
  firewall.publish([port({ hostIp: "127.0.0.1" })]);
  await host.serve("tcp:9999");
  host.sysctl("net.ipv4.conf.all.route_localnet=1");
  neighbour.aimAtLoopback("192.0.2.1");
  sibling.aimAtLoopback("10.1.0.1");
  expect(await reachable(host, ["127.0.0.1", 8080])).toEqual(["10.1.0.1"]);
  expect(await reachable(neighbour, ["127.0.0.1", 8080], ["192.0.2.1", 8080])).toEqual([undefined, undefined]);
  // Nor do containers reach what listens on the host's loopback, though their bridge takes answers to it.
  expect(await reachable(sibling, ["127.0.0.1", 9999], ["127.0.0.1", 8080])).toEqual([undefined, undefined]);
});

test("an internal network has nobody but itself", async () => {
  const { one, neighbour, other } = await twoNetworks({ internal: true });
  expect(await reachable(one, ["10.1.0.3", 80], ["192.0.2.9", 80], ["10.2.0.2", 80])).toEqual([
    "10.1.0.2",
    undefined,
    undefined,
  ]);
  expect(await reachable(neighbour, ["10.1.0.2", 80])).toEqual([undefined]);
  expect(await reachable(other, ["10.1.0.2", 80])).toEqual([undefined]);
});

test("an internal network reaches no published port of others, by any address of the host", async () => {
  const { one, neighbour } = await twoNetworks({ internal: true });
  firewall.publish([port({ containerIp: "10.2.0.2", bridge: "br2" })]);
  firewall.publish([port({ hostIp: "::", containerIp: "fd02::2", bridge: "br2" })]);
  expect(await reachable(neighbour, ["192.0.2.1", 8080])).toEqual(["192.0.2.9"]);
  expect(await reachable(one, ["10.1.0.1", 8080], ["192.0.2.1", 8080], ["fd01::1", 8080])).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  host.filterBridges(true);
  expect(await reachable(one, ["10.1.0.3", 80], ["10.1.0.1", 8080])).toEqual(["10.1.0.2", undefined]);
});

test("containers that may not reach each other reach the world", async () => {
  const { one, sibling } = await twoNetworks({ icc: false });
  host.filterBridges(true);
  expect(await reachable(sibling, ["10.1.0.2", 80], ["fd01::2", 80], ["192.0.2.9", 80])).toEqual([
    undefined,
    undefined,
    "192.0.2.1",
  ]);
  expect(await reachable(one, ["10.1.0.3", 80])).toEqual([undefined]);
});

test("a routed network is reached under its own addresses, by the ports that were published", async () => {
  const { one, neighbour, other } = await twoNetworks({ gatewayMode: { ipv4: "routed", ipv6: "nat" } });
  firewall.publish([port({ hostPort: 0 })]);
  expect(await reachable(neighbour, ["10.1.0.2", 80], ["10.1.0.2", 81])).toEqual(["192.0.2.9", undefined]);
  expect(await reachable(other, ["10.1.0.2", 80], ["10.1.0.2", 81])).toEqual(["10.1.0.1", undefined]);
  expect(await reachable(one, ["192.0.2.9", 80])).toEqual(["10.1.0.2"]);
  neighbour.run("ping", "-c1", "-W1", "10.1.0.2");
  firewall.unpublish([port({ hostPort: 0 })]);
  expect(await reachable(neighbour, ["10.1.0.2", 80])).toEqual([undefined]);
});

test("an unprotected network is reached under its own addresses, but not from other networks", async () => {
  const { one, neighbour, other } = await twoNetworks({ gatewayMode: { ipv4: "nat-unprotected", ipv6: "nat" } });
  expect(await reachable(neighbour, ["10.1.0.2", 80], ["10.1.0.2", 81])).toEqual(["192.0.2.9", "192.0.2.9"]);
  expect(await reachable(other, ["10.1.0.2", 80])).toEqual([undefined]);
  expect(await reachable(one, ["192.0.2.9", 80])).toEqual(["192.0.2.1"]);
});

test("a network leaves under its own addresses when nothing is masqueraded, or under a chosen one of the host's", async () => {
  const { one, other } = await twoNetworks({ masquerade: false });
  expect(await reachable(one, ["192.0.2.9", 80])).toEqual(["10.1.0.2"]);
  firewall.addNetwork(policy("br2", { sourceAddress: { ipv4: "10.1.0.1" } }));
  expect(await reachable(other, ["192.0.2.9", 80])).toEqual(["10.1.0.1"]);
});

test("a network that is removed is nobody's business any more", async () => {
  const { one, neighbour } = await twoNetworks();
  firewall.removeNetwork("br1");
  firewall.removeNetwork("br1");
  expect(await reachable(neighbour, ["10.1.0.2", 80])).toEqual(["192.0.2.9"]);
  expect(await reachable(one, ["10.2.0.2", 80])).toEqual([undefined]);
});

test("the host's own ports and other traffic through it are left alone", async () => {
  const { neighbour } = await twoNetworks();
  const far = await host.neighbour("198.51.100.1/24", "198.51.100.9/24");
  far.run("ip", "route", "add", "default", "via", "198.51.100.1");
  await far.serve("tcp:80");
  await host.serve("tcp:7777");
  neighbour.run("ip", "route", "add", "default", "via", "192.0.2.1");
  expect(await reachable(neighbour, ["198.51.100.9", 80], ["192.0.2.1", 7777])).toEqual(["192.0.2.9", "192.0.2.9"]);
});
