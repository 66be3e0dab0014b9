import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { createId } from "../base/ids.ts";
import { type Place, ScratchHost } from "./firewall/scratch-host.ts";
import { type ContainerNetwork, createNetwork } from "./network.ts";
import { createHome, on } from "./testing.ts";
import type { Sandbox } from "./use.ts";

setDefaultTimeout(60_000);

const HERE = "198.51.100.1";
const OUTSIDE = "198.51.100.2";

let stack: AsyncDisposableStack;
let network: ContainerNetwork;
let outside: Place;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const host = stack.use(new ScratchHost());
  outside = await host.neighbour(`${HERE}/30`, `${OUTSIDE}/30`);
  network = await start("one");
});

afterEach(() => stack.disposeAsync());

/** The network of an engine of its own. */
async function start(name: string): Promise<ContainerNetwork> {
  const home = createHome(name);
  stack.defer(() => home.remove());
  const started = createNetwork(home.deps());
  stack.defer(() => started.destroy());
  await started.start();
  return started;
}

function pings(netns: string | undefined, address: string): boolean {
  return Bun.spawnSync(["nsenter", `--net=${netns}`, "ping", "-c1", "-W1", address]).exitCode === 0;
}

const addressOf = (sandbox: Sandbox): string => sandbox.endpoints["bridge"]?.IPAddress ?? "";

test("a container reaches the outside, which knows no way to it, under the host's address", async () => {
  const sandbox = await network.acquire(createId(), on("bridge"));
  expect(pings(sandbox.netnsPath, OUTSIDE)).toBe(true);
});

test("the outside does not reach a container, even knowing the way", async () => {
  const sandbox = await network.acquire(createId(), on("bridge"));
  outside.run("ip", "route", "add", "default", "via", HERE);
  const netns = `/proc/${outside.pid}/ns/net`;
  expect(pings(netns, HERE)).toBe(true);
  expect(pings(netns, addressOf(sandbox))).toBe(false);
});

test("networks of two engines choose different subnets and do not reach each other", async () => {
  const other = await start("other");
  const [one, two] = await Promise.all([
    network.acquire(createId(), on("bridge")),
    other.acquire(createId(), on("bridge")),
  ]);
  expect(other.gateway).not.toBe(network.gateway);
  expect(one.endpoints["bridge"]?.NetworkID).not.toBe(two.endpoints["bridge"]?.NetworkID);
  expect(pings(one.netnsPath, addressOf(two))).toBe(false);
});
