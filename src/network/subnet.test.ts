import { expect, test } from "bun:test";
import { Addresses, macOf } from "./addresses.ts";
import { broadcastOf, chooseSubnet, cidrOf, overlap, parseGateway, subnetAround } from "./subnet.ts";

test.each([
  ["172.31.0.0/16", "172.31.0.0/16", "172.31.0.1", "172.31.255.255"],
  ["192.168.5.9/24", "192.168.5.0/24", "192.168.5.9", "192.168.5.255"],
  ["10.1.2.200/29", "10.1.2.200/29", "10.1.2.201", "10.1.2.207"],
])("%s is the subnet %s with the gateway %s and the broadcast address %s", (text, cidr, address, broadcast) => {
  const gateway = parseGateway(text);
  expect([cidrOf(gateway.subnet), gateway.address, broadcastOf(gateway.subnet)]).toEqual([cidr, address, broadcast]);
});

test.each(["", "10.0.0.0", "10.0.0.0/30", "10.0.0.0/7", "10.0.0/16", "300.0.0.0/16", "10.0.0.0/x"])(
  "%j is refused as a subnet",
  (text) => {
    expect(() => parseGateway(text)).toThrow("invalid subnet");
  },
);

test.each([
  ["10.0.0.0/8", "10.5.0.0/16", true],
  ["10.5.0.0/16", "10.0.0.0/8", true],
  ["172.31.0.0/16", "172.30.0.0/16", false],
  ["192.0.2.128/25", "192.0.2.0/25", false],
])("%s and %s overlap: %p", (one, other, expected) => {
  expect(overlap(parseGateway(one).subnet, parseGateway(other).subnet)).toBe(expected);
});

test("chooseSubnet() keeps clear of what is in use, and says so when everything is", () => {
  expect(cidrOf(chooseSubnet([]).subnet)).toBe("172.31.0.0/16");
  const used = [subnetAround("172.31.4.0", 24), subnetAround("172.16.0.0", 13)];
  expect(cidrOf(chooseSubnet([subnetAround("172.31.4.0", 24)]).subnet)).toBe("172.30.0.0/16");
  expect(used.some((taken) => overlap(taken, chooseSubnet(used).subnet))).toBe(false);
  expect(() => chooseSubnet([subnetAround("0.0.0.0", 0)])).toThrow("no free private subnet");
});

test("addresses are given in turn, so that a released one rests until the others had theirs", () => {
  const addresses = new Addresses(parseGateway("10.1.2.0/29"));
  expect([addresses.take(), addresses.take()]).toEqual(["10.1.2.2", "10.1.2.3"]);
  addresses.release("10.1.2.2");
  addresses.adopt("10.1.2.5");
  expect([addresses.take(), addresses.take(), addresses.take()]).toEqual(["10.1.2.4", "10.1.2.6", "10.1.2.2"]);
  addresses.release("10.1.2.1");
  expect(() => addresses.take()).toThrow("no available IPv4 addresses");
});

test("macOf() is Docker's locally administered address of an IPv4 address", () => {
  expect(macOf("172.31.0.2")).toBe("02:42:ac:1f:00:02");
});
