import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "../../test/harness/eventually.ts";
import { type ContainerId, createId } from "../base/ids.ts";
import { addAddress } from "../kernel/netlink/address.ts";
import { addBridge, addVeth, deleteLink, getLink, listLinks, readLink, setLink } from "../kernel/netlink/link.ts";
import { NetlinkSocket } from "../kernel/netlink/socket.ts";
import type { EndpointSettings } from "../wire/container.ts";
import { emptyEndpoint } from "../wire/empty.ts";
import { type ContainerNetwork, createNetwork } from "./network.ts";
import { createHome, type Home, networkRequest, on } from "./testing.ts";
import type { Sandbox } from "./use.ts";

const prefix = `tu${process.pid}`;
/** No test engine has any of this range. */
const range = `10.248.${process.pid % 250}`;
const containers: Bun.Subprocess[] = [];
let stack: AsyncDisposableStack;
let home: Home;
let network: ContainerNetwork;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  home = createHome(prefix);
  stack.defer(() => home.remove());
  network = await start();
});

afterEach(async () => {
  for (const container of containers.splice(0)) {
    container.kill(9);
    await container.exited;
  }
  await stack.disposeAsync();
});

/** Nothing of it is left at the end, whatever became of it. */
async function start(): Promise<ContainerNetwork> {
  const started = createNetwork(home.deps({}, { warm: { least: 0, most: 4 } }));
  let open = true;
  stack.defer(async () => {
    if (open) await started.destroy();
  });
  const stop = started.stop.bind(started);
  started.stop = () => {
    open = false;
    return stop();
  };
  await started.start();
  return started;
}

interface Box {
  readonly id: ContainerId;
  readonly sandbox: Sandbox;
  readonly pid: number;
}

/** A process in a namespace of its own, as a container has it. */
async function box(endpoints: Readonly<Record<string, Partial<EndpointSettings>>>, id = createId()): Promise<Box> {
  const [mode = ""] = Object.keys(endpoints);
  const sandbox = await network.acquire(id, on(mode, endpoints));
  const child = Bun.spawn(["nsenter", `--net=${sandbox.netnsPath}`, "sh", "-c", "echo up; exec sleep 60"], {
    stdout: "pipe",
  });
  containers.push(child);
  await child.stdout.getReader().read();
  network.handedOver(id, child.pid);
  return { id, sandbox, pid: child.pid };
}

function within({ pid }: Box, ...command: string[]): { exitCode: number; output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["nsenter", "-n", "-t", String(pid), ...command]);
  return { exitCode, output: stdout.toString() + stderr.toString() };
}

const pings = (from: Box, address: string): boolean => within(from, "ping", "-c1", "-W0.9", address).exitCode === 0;
const wanted = (given: Partial<EndpointSettings> = {}): EndpointSettings => ({ ...emptyEndpoint(), ...given });
const fixed = (IPv4Address: string) => ({ IPAMConfig: { IPv4Address } });
const ipam = (...Config: { Subnet: string }[]) => ({ IPAM: { Driver: "default", Options: null, Config } });

function linksNamed(...names: string[]): string[] {
  using socket = new NetlinkSocket();
  return socket
    .dump(listLinks)
    .flatMap((message) => readLink(message)?.name ?? [])
    .filter((name) => names.includes(name));
}

test("containers of one network reach each other and the host by both families, from the first moment", async () => {
  await network.create(networkRequest("two", { EnableIPv6: true }));
  const [one, other] = [await box({ two: {} }), await box({ two: {} })];
  const {
    IPAddress = "",
    GlobalIPv6Address = "",
    Gateway = "",
    IPv6Gateway = "",
  } = other.sandbox.endpoints["two"] ?? {};
  expect([IPAddress, GlobalIPv6Address, Gateway, IPv6Gateway].map((address) => pings(one, address))).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test("what a network is told to be stands in the kernel", async () => {
  const options = { "com.docker.network.driver.mtu": "1400", "com.docker.network.bridge.name": `${prefix}x` };
  const created = await network.create(networkRequest("told", { Options: options }));
  const one = await box({ told: {} });
  expect(within(one, "ip", "link", "show", "eth0").output).toContain("mtu 1400");
  expect(readFileSync(`/sys/class/net/${prefix}x/ifalias`, "utf8")).toBe(`tare ${prefix} told\n`);
  await expect(network.remove(created)).rejects.toThrow(
    /^error while removing network: network told has active endpoints/,
  );
  network.release(one.id);
  await network.remove(created);
  expect(linksNamed(`${prefix}x`)).toEqual([]);
});

test("a running container is put on networks and taken off, and its way out follows", async () => {
  await network.create(networkRequest("a", ipam({ Subnet: `${range}.0/26` })));
  await network.create(networkRequest("b", ipam({ Subnet: `${range}.64/26` })));
  const [one, other] = [await box({ a: {} }), await box({ b: {} })];
  const gateway = () => /default via (\S+) dev (\S+)/.exec(within(one, "ip", "route").output)?.slice(1);
  const b = other.sandbox.endpoints["b"]?.IPAddress ?? "";
  expect([gateway(), pings(one, b)]).toEqual([[`${range}.1`, "eth0"], false]);
  const { endpoints } = await network.connect(one.id, "b", wanted({ GwPriority: 1 }));
  expect(Object.keys(endpoints)).toEqual(["a", "b"]);
  expect([gateway(), pings(one, b)]).toEqual([[`${range}.65`, "eth1"], true]);
  await network.disconnect(one.id, "b");
  expect([gateway(), pings(one, b)]).toEqual([[`${range}.1`, "eth0"], false]);
  await network.disconnect(one.id, "a");
  expect(within(one, "ip", "-br", "link").output.split("\n")).toHaveLength(2);
  expect(gateway()).toBeUndefined();
  await network.connect(one.id, "b", wanted(fixed(`${range}.100`)));
  expect([gateway(), pings(other, `${range}.100`)]).toEqual([[`${range}.65`, "eth0"], true]);
});

test("a connection that fails leaves nothing behind", async () => {
  await network.create(networkRequest("a", ipam({ Subnet: `${range}.0/26` })));
  const created = await network.create(networkRequest("b", ipam({ Subnet: `${range}.64/26` })));
  const one = await box({ a: {} });
  const opts = { DriverOpts: { "com.docker.network.endpoint.ifname": "eth0" } };
  await expect(network.connect(one.id, "b", wanted({ ...fixed(`${range}.99`), ...opts }))).rejects.toThrow(
    "file exists",
  );
  await network.remove(created);
  await network.create(networkRequest("b", ipam({ Subnet: `${range}.64/26` })));
  await network.connect(one.id, "b", wanted(fixed(`${range}.99`)));
});

test("a container that starts again has its fixed address and answers at once", async () => {
  await network.create(networkRequest("a", ipam({ Subnet: `${range}.0/26` })));
  const [one, other] = [await box({ a: {} }), await box({ a: fixed(`${range}.40`) })];
  for (let round = 0; round < 3; round++) {
    expect(pings(one, `${range}.40`)).toBe(true);
    network.release(other.id);
    containers.pop()?.kill(9);
    await box({ a: fixed(`${range}.40`) }, other.id);
  }
});

test("on a network without icc containers reach the host and not each other", async () => {
  const Options = { "com.docker.network.bridge.enable_icc": "false" };
  await network.create(networkRequest("apart", { Options }));
  const [one, other] = [await box({ apart: {} }), await box({ apart: {} })];
  const { IPAddress = "", Gateway = "" } = other.sandbox.endpoints["apart"] ?? {};
  expect([pings(one, Gateway), pings(one, IPAddress)]).toEqual([true, false]);
});

test("on an isolated network not even the host is there", async () => {
  const Options = { "com.docker.network.bridge.gateway_mode_ipv4": "isolated" };
  await network.create(networkRequest("alone", { Internal: true, Options, ...ipam({ Subnet: `${range}.0/26` }) }));
  const [one, other] = [await box({ alone: {} }), await box({ alone: {} })];
  expect([one, other].map(({ sandbox }) => sandbox.endpoints["alone"]?.IPAddress)).toEqual([
    `${range}.1`,
    `${range}.2`,
  ]);
  expect(pings(one, `${range}.2`)).toBe(true);
  expect(within(one, "ip", "route").output).not.toContain("default");
});

/** A parent interface for macvlan with an address of its own, and the other end of the cable on this machine as well. */
function cable(): string {
  const host = stack.use(new NetlinkSocket());
  const name = `${prefix}p`;
  const indexOf = (link: string): number => host.query(getLink(link)).map(readLink)[0]!.index;
  host.send(addVeth({ name, up: true }, { name: `${prefix}q` }));
  host.send(setLink(indexOf(`${prefix}q`), { up: true }));
  const index = indexOf(name);
  host.send(addAddress({ index, address: `${range}.62`, prefixLength: 26 }));
  stack.defer(() => host.send(deleteLink(index)));
  return name;
}

test("containers on a macvlan reach each other by the parent's network, and start again at once", async () => {
  const Options = { parent: cable() };
  await network.create(networkRequest("lan", { Driver: "macvlan", Options, ...ipam({ Subnet: `${range}.0/26` }) }));
  const [one, other] = [await box({ lan: {} }), await box({ lan: fixed(`${range}.40`) })];
  expect(within(one, "ip", "-d", "link", "show", "eth0").output).toContain("macvlan mode bridge");
  expect(within(one, "ip", "route").output).toContain(`default via ${range}.1`);
  expect(pings(one, `${range}.40`)).toBe(true);
  await network.disconnect(one.id, "lan");
  expect(within(one, "ip", "-br", "link").output.split("\n")).toHaveLength(2);
  network.release(other.id);
  containers.pop()?.kill(9);
  const { endpoints } = await network.connect(one.id, "lan", wanted());
  expect(pings(await box({ lan: fixed(`${range}.40`) }), endpoints["lan"]?.IPAddress ?? "")).toBe(true);
});

/** How long it takes to send so many bytes from one box to another. */
async function sendingMs(from: Box, to: Box, address: string, bytes: number): Promise<number> {
  const serve = `let n = 0; Bun.listen({hostname: "0.0.0.0", port: 7, socket: { data(s, d) { n += d.length; if (n >= ${bytes}) s.end("!"); } }}); console.log("up")`;
  const listener = Bun.spawn(["nsenter", "-n", "-t", String(to.pid), process.execPath, "-e", serve], {
    stdout: "pipe",
  });
  containers.push(listener);
  await listener.stdout.getReader().read();
  const send = `const all = new Uint8Array(${bytes}); let at = 0; const t = performance.now(); const go = (s) => { at += s.write(all.subarray(at)); }; Bun.connect({hostname: "${address}", port: 7, socket: { open: go, drain: go, data() { console.log(performance.now() - t); process.exit(0); } }})`;
  return Number(within(from, process.execPath, "-e", send).output);
}

test("a connection is as fast as its rate, each way its own, and no other's slower", async () => {
  await network.create(networkRequest("busy"));
  const limited = await box({ busy: { DriverOpts: { "tare.rate-in": "160mbit", "tare.rate-out": "80mbit" } } });
  const free = await box({ busy: {} });
  const [to, from] = [limited, free].map(({ sandbox }) => sandbox.endpoints["busy"]?.IPAddress ?? "");
  const bytes = 4_000_000;
  const outMs = await sendingMs(limited, free, from!, bytes);
  const inMs = await sendingMs(free, limited, to!, bytes);
  // At 10 and 20 MB a second, less what may come at once.
  expect(outMs).toBeGreaterThan(350);
  expect(inMs).toBeGreaterThan(150);
  expect(within(free, "tc", "qdisc", "show", "dev", "eth0").output).not.toContain("tbf");
});

test("the next engine finds the networks, their addresses and who is on them", async () => {
  await network.create(networkRequest("kept", ipam({ Subnet: `${range}.0/26` })));
  const first = await box({ kept: {} });
  await network.stop();
  network = createNetwork(home.deps({}, { warm: { least: 0, most: 4 } }));
  stack.defer(() => network.destroy());
  network.adopt(first.id, { request: on("kept"), ...first.sandbox });
  network.handedOver(first.id, first.pid);
  await network.start();
  const second = await box({ kept: {} });
  expect(second.sandbox.endpoints["kept"]?.IPAddress).toBe(`${range}.3`);
  expect(pings(second, first.sandbox.endpoints["kept"]?.IPAddress ?? "")).toBe(true);
  await expect(network.remove(network.find("kept"))).rejects.toThrow("active endpoints");
  await network.disconnect(first.id, "kept");
  expect(within(first, "ip", "-br", "link").output.split("\n")).toHaveLength(2);
});

test("after a reboot, which leaves no bridge, the networks are made again as they were", async () => {
  const created = await network.create(networkRequest("kept", { EnableIPv6: true }));
  await network.stop();
  const bridge = `br-${created.id.slice(0, 12)}`;
  expect(linksNamed(bridge)).toEqual([]);
  network = await start();
  expect(linksNamed(bridge)).toEqual([bridge]);
  expect(network.find("kept")).toEqual(created);
  const one = await box({ kept: {} });
  expect(pings(one, one.sandbox.endpoints["kept"]?.IPv6Gateway ?? "")).toBe(true);
});

test("a bridge that was there before stays, without what was ours on it", async () => {
  const host = stack.use(new NetlinkSocket());
  const name = `${prefix}y`;
  host.send(addBridge({ name }));
  const index = host.query(getLink(name)).map(readLink)[0]!.index;
  stack.defer(() => host.send(deleteLink(index)));
  const Options = { "com.docker.network.bridge.name": name };
  const created = await network.create(networkRequest("theirs", { Options, ...ipam({ Subnet: `${range}.0/26` }) }));
  const one = await box({ theirs: {} });
  expect(pings(one, `${range}.1`)).toBe(true);
  network.release(one.id);
  await network.remove(created);
  expect(linksNamed(name)).toEqual([name]);
  expect(Bun.spawnSync(["ip", "-4", "address", "show", name]).stdout.toString()).toBe("");
  expect(readdirSync(`/sys/class/net/${name}/brif`)).toEqual([]);
});

test("a network's name, bridge and subnet are free the moment it is gone", async () => {
  const Options = { "com.docker.network.bridge.name": `${prefix}z` };
  for (let round = 0; round < 5; round++) {
    const created = await network.create(networkRequest("again", { Options, ...ipam({ Subnet: `${range}.0/26` }) }));
    const one = await box({ again: {} });
    expect(pings(one, `${range}.1`)).toBe(true);
    network.release(one.id);
    await network.remove(created);
    expect(linksNamed(`${prefix}z`)).toEqual([]);
  }
});

test("a bridge of an engine that died before it could name it as its own is known and goes", async () => {
  const created = await network.create(networkRequest("half"));
  const bridge = `br-${created.id.slice(0, 12)}`;
  expect(Bun.spawnSync(["ip", "link", "set", bridge, "alias", ""]).exitCode).toBe(0);
  await network.remove(created);
  expect(linksNamed(bridge)).toEqual([]);
});

test("namespaces lie ready on a network that is used heavily, in nobody's way", async () => {
  const created = await network.create(networkRequest("busy", ipam({ Subnet: `${range}.0/29` })));
  const bridge = `br-${created.id.slice(0, 12)}`;
  const ports = (): number => readdirSync(`/sys/class/net/${bridge}/brif`).length;
  const ids = [await box({ busy: {} }), await box({ busy: {} })].map(({ id }) => id);
  await eventually(async () => ports() >= 4);
  // Two that are used and two that lie ready, with addresses of their own: they are given up for whoever asks for one.
  expect(ports()).toBe(4);
  ids.push(
    (await box({ busy: fixed(`${range}.4`) })).id,
    (await box({ busy: { MacAddress: "02:00:00:00:00:07" } })).id,
  );
  ids.push((await box({ busy: {} })).id);
  await expect(network.acquire(createId(), on("busy"))).rejects.toThrow("no available IPv4 addresses");
  for (const id of ids) network.release(id);
  await network.remove(created);
  expect(linksNamed(bridge)).toEqual([]);
});

test("a container that is about to start keeps its network from going", async () => {
  const created = await network.create(networkRequest("here"));
  const starting = network.acquire(createId(), on("here"));
  await expect(network.remove(created)).rejects.toThrow("active endpoints");
  await starting;
});

test("two networks are never made with one name, nor one subnet with two", async () => {
  const made = await Promise.allSettled([
    network.create(networkRequest("twin")),
    network.create(networkRequest("twin")),
    network.create(networkRequest("other")),
  ]);
  expect(made.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  const subnets = network.list().flatMap((record) => record.subnets.map(({ cidr }) => cidr));
  expect(new Set(subnets).size).toBe(3);
});

test("the addresses of whoever is about to leave are the next one's, however soon", async () => {
  await network.create(networkRequest("a", ipam({ Subnet: `${range}.0/26` })));
  await network.create(networkRequest("b", ipam({ Subnet: `${range}.64/26` })));
  for (let round = 0; round < 10; round++) {
    const id = createId();
    const { endpoints } = await network.acquire(id, on("a", { a: {}, b: {} }));
    expect(["a", "b"].map((name) => endpoints[name]?.IPAddress)).toEqual([`${range}.2`, `${range}.66`]);
    network.release(id);
  }
});
