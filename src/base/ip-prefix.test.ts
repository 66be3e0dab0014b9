import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  broadcastOf,
  canonical,
  contains,
  overlap,
  parseCidr,
  prefixAround,
  toAddress,
  toCidr,
  toPrefix,
  toValue,
} from "./ip-prefix.ts";

test.each([
  ["10.0.0.1", "10.0.0.1"],
  ["0:0:0:0:0:0:0:0", "::"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["fd00:0:1:2:3:4:5:6", "fd00:0:1:2:3:4:5:6"],
  ["::ffff:192.0.2.1", "::ffff:c000:201"],
  ["fe80:0:0:0:0:0:0:1", "fe80::1"],
])("%s is spelt %s", (text, spelt) => {
  expect(canonical(text)).toBe(spelt);
});

test("addresses of both families come back from their numbers", () => {
  fc.assert(fc.property(fc.bigInt(0n, 2n ** 32n - 1n), (value) => toValue(toAddress(4, value)) === value));
  fc.assert(fc.property(fc.bigInt(0n, 2n ** 128n - 1n), (value) => toValue(toAddress(6, value)) === value));
});

test.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "/8", "::/129", "x/8", "10.0.0/8"])(
  "%s is no prefix",
  (text) => {
    expect(parseCidr(text)).toBeUndefined();
    expect(() => toPrefix(text)).toThrow(RangeError);
  },
);

test("parseCidr() keeps the address that stands before the slash", () => {
  expect(parseCidr("172.31.0.9/16")).toEqual({
    prefix: { family: 4, base: toValue("172.31.0.0"), length: 16 },
    address: "172.31.0.9",
  });
  expect(toCidr(prefixAround("fd00::77", 64))).toBe("fd00::/64");
});

test("prefixes of different families never meet, others do when one holds the other", () => {
  const [wide, narrow, other, v6] = ["10.0.0.0/8", "10.7.0.0/16", "11.0.0.0/8", "::/0"].map(toPrefix);
  expect([overlap(wide!, narrow!), overlap(narrow!, wide!), overlap(wide!, other!), overlap(wide!, v6!)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect([
    contains(wide!, "10.255.255.255"),
    contains(wide!, "11.0.0.0"),
    contains(wide!, "::1"),
    contains(wide!, "x"),
  ]).toEqual([true, false, false, false]);
});

test("only an IPv4 prefix with room for one has a broadcast address", () => {
  expect(["10.0.0.0/24", "10.0.0.0/31", "10.0.0.0/32", "fd00::/64"].map((cidr) => broadcastOf(toPrefix(cidr)))).toEqual(
    ["10.0.0.255", undefined, undefined, undefined],
  );
});
