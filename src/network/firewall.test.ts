import { afterEach, beforeEach, expect, test } from "bun:test";
import { createId } from "../base/ids.ts";
import { addAddress } from "../kernel/netlink/address.ts";
import { addVeth, deleteLink, getLink, readLink, setLink } from "../kernel/netlink/link.ts";
import { NetlinkSocket } from "../kernel/netlink/socket.ts";
import { createNetns, currentNetns } from "../kernel/netns.ts";
import { type ContainerNetwork, createNetwork } from "./network.ts";
import { createHome, on } from "./testing.ts";
import type { Sandbox } from "./use.ts";

const bridgeName = `tf${process.pid}`;

/** A machine of its own behind a cable to this one, from the range that is kept for documentation. */
const HERE = "198.51.100.1";
const OUTSIDE = "198.51.100.2";

let stack: AsyncDisposableStack;
let network: ContainerNetwork;
let outside: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  outside = connectOutside(stack);
  network = createNetwork(homeOf(bridgeName).deps());
  stack.defer(() => network.destroy());
  await network.start();
});

function homeOf(name: string) {
  const home = createHome(name);
  stack.defer(() => home.remove());
  return home;
}

afterEach(() => stack.disposeAsync());

/** Returns the path of the outside machine's namespace, which knows no way to the containers' subnet. */
function connectOutside(cleanUp: AsyncDisposableStack): string {
  const name = `to${process.pid}`;
  using home = currentNetns();
  const host = cleanUp.use(new NetlinkSocket());
  const netns = cleanUp.use(
    createNetns(home, ({ fd }) => {
      host.send(addVeth({ name, up: true }, { index: 2, name: "eth0", netnsFd: fd }));
      using inside = new NetlinkSocket();
      inside.send(addAddress({ index: 2, address: OUTSIDE, prefixLength: 30 }), setLink(2, { up: true }));
    }),
  );
  const index = host.query(getLink(name)).map(readLink)[0]!.index;
  cleanUp.defer(() => host.send(deleteLink(index)));
  host.send(addAddress({ index, address: HERE, prefixLength: 30 }));
  return `/proc/${process.pid}/fd/${netns.fd}`;
}

function pings(netns: string | undefined, address: string): boolean {
  return Bun.spawnSync(["nsenter", `--net=${netns}`, "ping", "-c1", "-W1", address]).exitCode === 0;
}

const addressOf = (sandbox: Sandbox): string => sandbox.endpoints["bridge"]?.IPAddress ?? "";

test("a container reaches the outside under the host's address", async () => {
  const sandbox = await network.acquire(createId(), on("bridge"));
  expect(pings(sandbox.netnsPath, OUTSIDE)).toBe(true);
});

test("the outside does not reach a container, even knowing the way", async () => {
  const sandbox = await network.acquire(createId(), on("bridge"));
  const subnet = addressOf(sandbox).replace(/\.\d+\.\d+$/, ".0.0");
  const added = Bun.spawnSync(["nsenter", `--net=${outside}`, "ip", "route", "add", `${subnet}/16`, "via", HERE]);
  expect(added.exitCode).toBe(0);
  expect(pings(outside, HERE)).toBe(true);
  expect(pings(outside, addressOf(sandbox))).toBe(false);
});

test("networks of two engines choose different subnets and do not reach each other", async () => {
  const other = createNetwork(homeOf(`${bridgeName}b`).deps());
  stack.defer(() => other.destroy());
  await other.start();
  const [one, two] = await Promise.all([
    network.acquire(createId(), on("bridge")),
    other.acquire(createId(), on("bridge")),
  ]);
  expect(other.gateway).not.toBe(network.gateway);
  expect(one.endpoints["bridge"]?.NetworkID).not.toBe(two.endpoints["bridge"]?.NetworkID);
  expect(pings(one.netnsPath, addressOf(two))).toBe(false);
});
