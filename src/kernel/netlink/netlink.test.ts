import { expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import fc from "fast-check";
import { createNetns, currentNetns, inNetns } from "../netns.ts";
import {
  addAddress,
  deleteDefaultRoute,
  listAddresses,
  listRoutes,
  readAddress,
  readRoute,
  setDefaultRoute,
} from "./address.ts";
import { attribute, nested, readAttributes, readMac, readString, readU32, u32, zstring } from "./attribute.ts";
import {
  addBridge,
  addMacvlan,
  addVeth,
  deleteLink,
  deleteLinkGroup,
  getLink,
  listLinks,
  readLink,
  setLink,
} from "./link.ts";
import { decodeMessages, encodeMessage, outcome } from "./message.ts";
import { limitRate } from "./qdisc.ts";
import { NetlinkSocket } from "./socket.ts";

/** Answers of Linux 6.18 to listings in a namespace with lo and eth0. */
const RECORDED = {
  eth0Address:
    "58000000140002000100000000000000021080000200000008000100ac1f000208000200ac1f000208000400ac1fffff090003006574683000000000080008008000000014000600ffffffffffffffff1dff04001dff0400",
  defaultRoute:
    "3400000018000200010000000000000002000000fe0300011000000008000f00fe00000008000500ac1f00010800040002000000",
  subnetRoute:
    "3c00000018000200010000000000000002100000fe02fd011000000008000f00fe00000008000100ac1f000008000700ac1f00020800040002000000",
  localRoute:
    "3c00000018000200010000000000000002200000ff02fe020000000008000f00ff00000008000100ac1f000208000700ac1f00020800040002000000",
};

const recorded = (...frames: (keyof typeof RECORDED)[]) =>
  decodeMessages(Buffer.concat(frames.map((frame) => Buffer.from(RECORDED[frame], "hex"))));

test("a recorded address is read, and is nobody's route or link", () => {
  const [message] = recorded("eth0Address");
  expect(readAddress(message!)).toEqual({ index: 2, address: "172.31.0.2", prefixLength: 16 });
  expect([readRoute(message!), readLink(message!)]).toEqual([undefined, undefined]);
});

test("recorded routes are read out of one datagram, those of other tables left out", () => {
  expect(recorded("defaultRoute", "subnetRoute", "localRoute").map(readRoute)).toEqual([
    { destination: undefined, prefixLength: 0, gateway: "172.31.0.1", index: 2 },
    { destination: "172.31.0.0", prefixLength: 16, gateway: undefined, index: 2 },
    undefined,
  ]);
});

test("an acknowledgement, an error and the end of a listing end a request; anything else does not", () => {
  const answer = (type: number, errno: number) => {
    const body = Buffer.alloc(4);
    body.writeInt32LE(-errno);
    return decodeMessages(encodeMessage({ type, flags: 0, body }, 1)).map(outcome);
  };
  expect([answer(2, 0), answer(2, 17), answer(3, 0), answer(16, 0)]).toEqual([[0], [17], [0], [undefined]]);
});

test("attributes come back as they went in, nested ones too", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(0xffffffff),
      fc.stringMatching(/^[a-z0-9]{0,15}$/),
      (bytes, number, text) => {
        const encoded = nested(7, attribute(1, bytes), attribute(2, u32(number)), attribute(3, zstring(text)));
        const outer = readAttributes(encoded);
        const inner = readAttributes(outer.get(7)!);
        expect([[...inner.get(1)!], readU32(inner.get(2)), readString(inner.get(3))]).toEqual([
          [...bytes],
          number,
          text,
        ]);
      },
    ),
  );
});

test("no bytes from outside break the readers", () => {
  fc.assert(
    fc.property(fc.constantFrom(16, 20, 24), fc.uint8Array({ maxLength: 80 }), (type, body) => {
      for (const message of decodeMessages(encodeMessage({ type, flags: 0, body }, 1))) {
        readLink(message);
        readAddress(message);
        readRoute(message);
      }
      decodeMessages(Buffer.from(body));
    }),
  );
});

test("readMac() takes six bytes only", () => {
  expect([readMac(Buffer.from([2, 66, 172, 31, 0, 2])), readMac(Buffer.alloc(4))]).toEqual([
    "02:42:ac:1f:00:02",
    undefined,
  ]);
});

/** A scratch namespace with a socket in it; this thread is at home again. */
function scratch() {
  const stack = new DisposableStack();
  const home = stack.use(currentNetns());
  let socket: NetlinkSocket | undefined;
  const netns = stack.use(
    createNetns(home, () => {
      socket = stack.use(new NetlinkSocket());
    }),
  );
  return { home, netns, socket: socket!, [Symbol.dispose]: () => stack.dispose() };
}

/** Those that the kernel gives by itself, to every interface with IPv6, left out. */
const addressesOf = (socket: NetlinkSocket) =>
  socket.dump(listAddresses).flatMap((message) => {
    const address = readAddress(message);
    return address === undefined || address.address.startsWith("fe80:") ? [] : [address];
  });

/** Those of the default and of our own subnets, which are 16 bits long. */
const routesOf = (socket: NetlinkSocket) =>
  socket.dump(listRoutes).flatMap((message) => {
    const route = readRoute(message);
    return route === undefined || ![0, 16].includes(route.prefixLength) ? [] : [route];
  });

test("the kernel makes, changes, lists and deletes what it is told to", () => {
  const before = readlinkSync("/proc/thread-self/ns/net");
  using place = scratch();
  using inner = scratch();
  const { socket } = place;
  socket.send(addBridge({ name: "br", mac: "02:42:ac:1f:00:01", up: true, mtu: 1400 }));
  const [bridge] = socket.query(getLink("br")).map(readLink);
  expect(bridge).toMatchObject({ name: "br", kind: "bridge", up: true, mac: "02:42:ac:1f:00:01", mtu: 1400 });
  const index = bridge!.index;
  socket.send(
    addVeth(
      { name: "v1", master: index, group: 9, up: true },
      { index: 2, name: "eth0", mac: "02:42:ac:1f:00:02", netnsFd: inner.netns.fd },
    ),
    addAddress({ index, address: "172.31.0.1", prefixLength: 16 }, "172.31.255.255"),
  );
  inner.socket.send(
    setLink(2, { name: "net0", up: true }),
    addAddress({ index: 2, address: "172.31.0.2", prefixLength: 16 }),
    setDefaultRoute(4, { gateway: "172.31.0.9", index: 2 }),
    setDefaultRoute(4, { gateway: "172.31.0.1", index: undefined }),
  );
  expect(socket.dump(listLinks).map(readLink)).toContainEqual(
    expect.objectContaining({ name: "v1", kind: "veth", master: index, group: 9, up: true }),
  );
  expect(inner.socket.dump(listLinks).map(readLink)).toContainEqual(
    expect.objectContaining({ index: 2, name: "net0", mac: "02:42:ac:1f:00:02", up: true }),
  );
  expect(addressesOf(inner.socket)).toEqual([{ index: 2, address: "172.31.0.2", prefixLength: 16 }]);
  expect(routesOf(inner.socket)).toEqual([
    { destination: undefined, prefixLength: 0, gateway: "172.31.0.1", index: 2 },
    { destination: "172.31.0.0", prefixLength: 16, gateway: undefined, index: 2 },
  ]);
  socket.send(deleteLinkGroup(9), deleteLink(index));
  expect(socket.dump(listLinks).map((message) => readLink(message)?.name)).toEqual(["lo"]);
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
});

test("addresses and the default route of IPv6 are there at once, and go again", () => {
  using place = scratch();
  const { socket } = place;
  socket.send(addBridge({ name: "br", up: true }));
  const index = socket.query(getLink("br")).map(readLink)[0]!.index;
  socket.send(
    addAddress({ index, address: "fd00:7::2", prefixLength: 64 }),
    setDefaultRoute(6, { gateway: "fd00:7::9", index }),
    setDefaultRoute(6, { gateway: "fd00:7::1", index }),
    setDefaultRoute(4, { gateway: undefined, index }),
  );
  expect(addressesOf(socket)).toEqual([{ index, address: "fd00:7::2", prefixLength: 64 }]);
  const defaults = () => routesOf(socket).filter(({ prefixLength }) => prefixLength === 0);
  const ours = { destination: undefined, prefixLength: 0, index };
  expect(defaults()).toEqual([
    { ...ours, gateway: undefined },
    { ...ours, gateway: "fd00:7::1" },
  ]);
  socket.send(deleteDefaultRoute(4), deleteDefaultRoute(6));
  expect(defaults()).toEqual([]);
  expect(() => socket.send(deleteDefaultRoute(6))).toThrow("netlink delete default route of IPv6: no such process");
});

test("a macvlan is made straight in the namespace where it belongs", () => {
  using place = scratch();
  using inner = scratch();
  const { socket } = place;
  socket.send(addVeth({ name: "parent", up: true }, { name: "other" }));
  const parent = socket.query(getLink("parent")).map(readLink)[0]!.index;
  socket.send(addMacvlan({ name: "eth0", parent, mac: "02:42:ac:1f:00:07", netnsFd: inner.netns.fd }, "bridge"));
  expect(inner.socket.query(getLink("eth0")).map(readLink)).toEqual([
    expect.objectContaining({ kind: "macvlan", mac: "02:42:ac:1f:00:07" }),
  ]);
});

test("a rate limit holds back what exceeds it, and is replaced by the next", () => {
  using place = scratch();
  const { socket } = place;
  socket.send(addVeth({ name: "one", up: true }, { name: "other" }));
  const index = socket.query(getLink("one")).map(readLink)[0]!.index;
  socket.send(limitRate(index, { bytesPerSecond: 125_000, burstBytes: 65_536 }));
  socket.send(limitRate(index, { bytesPerSecond: 1_250_000, burstBytes: 131_072 }));
  const shown = inNetns(place.netns, place.home, () => Bun.spawnSync(["tc", "qdisc", "show", "dev", "one"]));
  expect(shown.stdout.toString()).toContain("qdisc tbf");
  expect(shown.stdout.toString()).toContain("rate 10Mbit burst 128Kb");
});

test("a refusal names what was asked, and what was asked besides is done all the same", () => {
  using place = scratch();
  const { socket } = place;
  expect(() => socket.send(deleteLink(99), addBridge({ name: "br" }))).toThrow(
    "netlink delete link 99: no such device",
  );
  expect(() => socket.send(addBridge({ name: "br" }))).toThrow("netlink add bridge br: file exists");
  expect(() => socket.query(getLink("none"))).toThrow("netlink get link none: no such device");
});

test("inNetns() works in the other namespace and comes home even after an error", () => {
  const before = readlinkSync("/proc/thread-self/ns/net");
  using place = scratch();
  expect(inNetns(place.netns, place.home, () => readlinkSync("/proc/thread-self/ns/net"))).not.toBe(before);
  expect(() =>
    inNetns(place.netns, place.home, () => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
});

test("a namespace whose set-up fails is gone at once", () => {
  using home = currentNetns();
  const before = readlinkSync("/proc/thread-self/ns/net");
  expect(() =>
    createNetns(home, () => {
      throw new Error("set-up failed");
    }),
  ).toThrow("set-up failed");
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
});
