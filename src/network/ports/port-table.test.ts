import { expect, test } from "bun:test";
import { PortTable } from "./port-table.ts";

const tcp = (...hostIps: string[]) => ({ protocol: "tcp", hostIps }) as const;

test.each([
  [["0.0.0.0"], ["0.0.0.0"], "0.0.0.0:80"],
  [["0.0.0.0"], ["127.0.0.1"], "0.0.0.0:80"],
  [["127.0.0.1"], ["0.0.0.0", "::"], "127.0.0.1:80"],
  [["::"], ["::1"], ":::80"],
  [["10.0.0.1"], ["10.0.0.1"], "10.0.0.1:80"],
])("with %j given away %j is refused as Docker does, by the address that has it", (given, wanted, holder) => {
  const table = new PortTable();
  table.take(tcp(...given), 80);
  expect(() => table.take(tcp(...wanted), 80)).toThrow(`Bind for ${holder} failed: port is already allocated`);
});

test.each([
  [["127.0.0.1"], ["127.0.0.2"]],
  [["0.0.0.0"], ["::"]],
  [["::1"], ["127.0.0.1"]],
])("%j and %j may both have a port", (given, wanted) => {
  const table = new PortTable();
  table.take(tcp(...given), 80);
  table.take(tcp(...wanted), 80);
  table.take({ protocol: "udp", hostIps: given }, 80);
});

test("ports of a range are given in turn, on all addresses at once, until there is none", () => {
  const table = new PortTable();
  const both = tcp("0.0.0.0", "::");
  const range = { first: 100, last: 103 };
  table.take(tcp("::1"), 101);
  expect([1, 2, 3].map(() => table.takeNext(both, range))).toEqual([100, 102, 103]);
  expect(() => table.takeNext(both, range)).toThrow("all ports are allocated");
  table.release(both, 100);
  table.release(tcp("::1"), 101);
  expect(table.takeNext(both, range)).toBe(100);
  table.release(both, 102);
  expect(table.takeNext(both, range)).toBe(101);
});

test("what is given back is free, and only that", () => {
  const table = new PortTable();
  table.adopt(tcp("127.0.0.1"), 80);
  table.adopt(tcp("127.0.0.2"), 80);
  table.release(tcp("127.0.0.1"), 80);
  table.release(tcp("127.0.0.1"), 80);
  table.take(tcp("127.0.0.1"), 80);
  expect(() => table.take(tcp("0.0.0.0"), 80)).toThrow("127.0.0.2:80");
});
