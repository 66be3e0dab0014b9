import { expect, test } from "bun:test";
import { toPrefix } from "../../base/ip-prefix.ts";
import { AddressPool, type AddressPoolOptions } from "./address-pool.ts";

const pool = (cidr: string, more: Partial<AddressPoolOptions> = {}): AddressPool =>
  new AddressPool({ subnet: toPrefix(cidr), reserved: [], rests: false, ...more });
const takeAll = (from: AddressPool): string[] => {
  const taken: string[] = [];
  for (let address = from.take(); address !== undefined; address = from.take()) taken.push(address);
  return taken;
};

test.each<[what: string, from: AddressPool, addresses: string[]]>([
  ["a /29", pool("10.0.0.0/29"), ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]],
  ["a /30 with a gateway", pool("10.0.0.0/30", { reserved: ["10.0.0.1"] }), ["10.0.0.2"]],
  ["a /31, which has no edges (RFC 3021)", pool("10.0.0.0/31"), ["10.0.0.0", "10.0.0.1"]],
  ["a /32", pool("10.0.0.7/32"), ["10.0.0.7"]],
  ["a /126", pool("fd00::/126"), ["fd00::1", "fd00::2", "fd00::3"]],
  [
    "a range inside, whose own ends are addresses like others",
    pool("10.0.0.0/24", { range: toPrefix("10.0.0.8/30"), reserved: ["10.0.0.9"] }),
    ["10.0.0.8", "10.0.0.10", "10.0.0.11"],
  ],
])("%s gives exactly its addresses", (_what, from, addresses) => {
  expect(takeAll(from)).toEqual(addresses);
});

test("a huge subnet is not walked through", () => {
  expect(pool("fd00::/64").take()).toBe("fd00::1");
});

test("the lowest free address is given, unless addresses rest", () => {
  const given = [false, true].map((rests) => {
    const from = pool("10.0.0.0/29", { rests });
    from.take();
    from.take();
    from.release("10.0.0.1");
    return [from.take(), from.take()];
  });
  expect(given).toEqual([
    ["10.0.0.1", "10.0.0.3"],
    ["10.0.0.3", "10.0.0.4"],
  ]);
});

test("addresses that rest come round again when no other is left", () => {
  const from = pool("10.0.0.0/30", { rests: true });
  expect([from.take(), from.take(), from.take()]).toEqual(["10.0.0.1", "10.0.0.2", undefined]);
  from.release("10.0.0.1");
  expect([from.take(), from.take()]).toEqual(["10.0.0.1", undefined]);
});

test("a particular address is given once, also outside the range, and never a reserved one", () => {
  const from = pool("10.0.0.0/24", { range: toPrefix("10.0.0.128/25"), reserved: ["10.0.0.1"] });
  const wanted = ["10.0.0.7", "10.0.0.7", "10.0.0.1", "10.0.0.0", "10.0.0.255", "10.0.0.128"];
  expect(wanted.map((address) => from.takeThis(address))).toEqual([true, false, false, false, false, true]);
  expect(from.take()).toBe("10.0.0.129");
  from.adopt("10.0.0.130");
  from.adopt("192.0.2.1");
  expect(from.take()).toBe("10.0.0.131");
});
