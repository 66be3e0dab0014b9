import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { nullLogger } from "../../base/log.ts";
import { listFlows, readFlow } from "../../kernel/netlink/conntrack.ts";
import { NETLINK, NetlinkSocket } from "../../kernel/netlink/socket.ts";
import { Firewall } from "../firewall/firewall.ts";
import { type Place, ScratchHost } from "../firewall/scratch-host.ts";
import type { PublishedPort } from "../ports/published-port.ts";
import { forgetFlows } from "./stale-flows.ts";

setDefaultTimeout(60_000);

let stack: DisposableStack;
let host: ScratchHost;
let firewall: Firewall;
let socket: NetlinkSocket;
let neighbour: Place;

beforeEach(async () => {
  stack = new DisposableStack();
  host = stack.use(new ScratchHost());
  socket = stack.use(new NetlinkSocket(NETLINK.NETFILTER));
  firewall = new Firewall({ name: "tare_test", log: nullLogger });
  stack.defer(() => firewall.destroy());
  host.bridge("br1", "10.1.0.1/24");
  const gatewayMode = { ipv4: "nat", ipv6: "nat" } as const;
  firewall.open([{ bridge: "br1", subnets: [], internal: false, icc: true, masquerade: true, gatewayMode }], []);
  neighbour = await host.neighbour("192.0.2.1/24", "192.0.2.9/24");
});

afterEach(() => stack.dispose());

const port = (containerIp: string): PublishedPort => ({
  hostIp: "0.0.0.0",
  hostPort: 5353,
  protocol: "udp",
  containerIp,
  containerPort: 53,
  bridge: "br1",
});

/** The same client all the time, for which the kernel knows one flow. */
const asked = (): Promise<string | undefined> => neighbour.reaches("udp", "192.0.2.1", 5353, 4000);

test("a client that asked before the port was published is answered afterwards", async () => {
  expect(await asked()).toBeUndefined();
  await (await host.container("br1", ["10.1.0.2/24"], ["10.1.0.1"])).serve("udp:53");
  firewall.publish([port("10.1.0.2")]);
  expect(await asked()).toBeUndefined();
  forgetFlows(socket, [{ hostPort: 5353, containerIp: "10.1.0.2", isPublished: true }]);
  expect(await asked()).toBe("192.0.2.9");
});

test("a client that goes on asking is led to the next container that has the port, not to the one that had it", async () => {
  const first = await host.container("br1", ["10.1.0.2/24"], ["10.1.0.1"]);
  const second = await host.container("br1", ["10.1.0.3/24"], ["10.1.0.1"]);
  await second.serve("udp:53");
  firewall.publish([port("10.1.0.2")]);
  expect(await asked()).toBeUndefined();
  firewall.unpublish([port("10.1.0.2")]);
  firewall.publish([port("10.1.0.3")]);
  first.run("ip", "link", "set", "eth0", "down");
  expect(await asked()).toBeUndefined();
  forgetFlows(socket, [{ hostPort: 5353, containerIp: "10.1.0.2", isPublished: false }]);
  expect(await asked()).toBe("192.0.2.9");
});

test("flows of others to a port of that number go on", async () => {
  const box = await host.container("br1", ["10.1.0.2/24"], ["10.1.0.1"]);
  await neighbour.serve("udp:5353");
  const outward = (): Promise<string | undefined> => box.reaches("udp", "192.0.2.9", 5353, 4001);
  expect(await outward()).toBe("192.0.2.1");
  const flows = () => {
    const all = listFlows({ family: "ipv4", protocol: 17, destinationPort: 5353 });
    return socket.dump(all).flatMap((message) => readFlow(message) ?? []);
  };
  const before = flows();
  expect(before).toHaveLength(1);
  forgetFlows(socket, [
    { hostPort: 5353, containerIp: "10.1.0.2", isPublished: true },
    { hostPort: 5353, containerIp: "10.1.0.2", isPublished: false },
  ]);
  expect(flows()).toEqual(before);
});
