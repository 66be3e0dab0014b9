import { afterEach, beforeEach, expect, test } from "bun:test";
import { createNetns, currentNetns } from "../netns.ts";
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  deleteChain,
  deleteElements,
  deleteRules,
  deleteTable,
  getChain,
  getTable,
  listRules,
  readPolicy,
  readRule,
  type Table,
  transact,
} from "./nft.ts";
import { ACCEPT, address, DROP, ifname, join, port, protocol, TYPE } from "./nft-data.ts";
import {
  CT_STATE,
  dnatBy,
  equals,
  goTo,
  hasAny,
  inSet,
  isIpv4,
  isIpv6,
  load,
  masquerade,
  native,
  natTo,
  notInSet,
  RTN,
  snatBy,
  verdictOf,
} from "./nft-expression.ts";
import { NETLINK, NetlinkSocket } from "./socket.ts";

const table: Table = { family: "inet", name: "t" };
let stack: DisposableStack;
let socket: NetlinkSocket;
let netns: string;

beforeEach(() => {
  stack = new DisposableStack();
  const home = stack.use(currentNetns());
  const { fd } = stack.use(
    createNetns(home, () => {
      socket = stack.use(new NetlinkSocket(NETLINK.NETFILTER));
    }),
  );
  netns = `/proc/${process.pid}/fd/${fd}`;
});

afterEach(() => stack.dispose());

/** What the real `nft` reads of it, without its indentation. */
function ruleset(): string[] {
  const { stdout } = Bun.spawnSync(["nsenter", `--net=${netns}`, "nft", "list", "ruleset"]);
  const lines = stdout.toString().split("\n");
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

const chain = { name: "c" } as const;
const rule = (...expressions: readonly Buffer[]) => addRule(table, { chain: "c", expressions });

test("nft reads every rule as it was meant", () => {
  transact(socket, [
    addTable(table),
    addSet(table, { name: "links", key: [TYPE.ifname] }, 1),
    addSet(table, { name: "pairs", key: [TYPE.ifname, TYPE.ifname], data: "verdict" }, 2),
    addSet(table, { name: "to4", key: [TYPE.protocol, TYPE.port], data: [TYPE.ipv4, TYPE.port] }, 3),
    addSet(table, { name: "to6", key: [TYPE.ipv6, TYPE.protocol, TYPE.port], data: [TYPE.ipv6, TYPE.port] }, 4),
    addSet(table, { name: "from4", key: [TYPE.ifname], data: [TYPE.ipv4] }, 5),
    addChain(table, { name: "in", hook: { type: "filter", at: "forward", priority: 7, policy: "drop" } }),
    addChain(table, { name: "pre", hook: { type: "nat", at: "prerouting", priority: -100 } }),
    addChain(table, { name: "post", hook: { type: "nat", at: "postrouting", priority: 100 } }),
    addChain(table, chain),
    rule(...hasAny(load.ctState, CT_STATE.established | CT_STATE.related), goTo(ACCEPT)),
    rule(...isIpv4, ...equals(load.ipv4Destination, Buffer.of(127)), ...notInSet("links", load.iifname), goTo(DROP)),
    rule(...inSet("links", load.oifname), goTo({ to: "return" })),
    rule(...verdictOf("pairs", load.iifname, load.oifname)),
    addRule(table, { chain: "in", expressions: [goTo({ to: "jump", chain: "c" })], comment: "why" }),
    addRule(table, {
      chain: "pre",
      expressions: [
        ...equals(load.destinationType, native(RTN.local)),
        ...isIpv4,
        ...dnatBy("ipv4", "to4", load.protocol, load.destinationPort),
      ],
    }),
    addRule(table, {
      chain: "pre",
      expressions: [...isIpv6, ...dnatBy("ipv6", "to6", load.ipv6Destination, load.protocol, load.destinationPort)],
    }),
    addRule(table, {
      chain: "pre",
      expressions: [
        ...equals(load.protocol, protocol(17)),
        ...equals(load.destinationPort, port(53)),
        ...natTo("dnat", "ipv4", [address("127.0.0.11"), port(4053)]),
      ],
    }),
    addRule(table, { chain: "post", expressions: [...isIpv4, ...snatBy("ipv4", "from4", load.oifname)] }),
    addRule(table, { chain: "post", expressions: [masquerade], first: true }),
    ...addElements(table, "links", [{ key: [ifname("br0")] }]),
    ...addElements(table, "pairs", [{ key: [ifname("br0"), ifname("br1")], data: DROP }]),
    ...addElements(table, "to4", [{ key: [protocol(6), port(80)], data: [address("10.0.0.2"), port(8080)] }]),
    ...addElements(table, "to6", [
      { key: [address("fd00::1"), protocol(17), port(53)], data: [address("fd00:1:2:3:4:5:6:7"), port(5353)] },
    ]),
    ...addElements(table, "from4", [{ key: [ifname("br0")], data: [address("192.0.2.7")] }]),
  ]);
  expect(ruleset()).toEqual([
    "table inet t {",
    "set links {",
    "type ifname",
    'elements = { "br0" }',
    "}",
    "map pairs {",
    "type ifname . ifname : verdict",
    'elements = { "br0" . "br1" : drop }',
    "}",
    "map to4 {",
    "type inet_proto . inet_service : ipv4_addr . inet_service",
    "elements = { tcp . 80 : 10.0.0.2 . 8080 }",
    "}",
    "map to6 {",
    "type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service",
    "elements = { fd00::1 . udp . 53 : fd00:1:2:3:4:5:6:7 . 5353 }",
    "}",
    "map from4 {",
    "type ifname : ipv4_addr",
    'elements = { "br0" : 192.0.2.7 }',
    "}",
    "chain in {",
    "type filter hook forward priority filter + 7; policy drop;",
    'jump c comment "why"',
    "}",
    "chain pre {",
    "type nat hook prerouting priority dstnat; policy accept;",
    "fib daddr type local meta nfproto ipv4 dnat ip to meta l4proto . th dport map @to4",
    "dnat ip6 to ip6 daddr . meta l4proto . th dport map @to6",
    "udp dport 53 dnat ip to 127.0.0.11:4053",
    "}",
    "chain post {",
    "type nat hook postrouting priority srcnat; policy accept;",
    "masquerade",
    "meta nfproto ipv4 snat ip to oifname map @from4",
    "}",
    "chain c {",
    "ct state established,related accept",
    "ip daddr 127.0.0.0/8 iifname != @links drop",
    "oifname @links return",
    "iifname . oifname vmap @pairs",
    "}",
    "}",
  ]);
});

test("a transaction is carried out whole or not at all, and the refusal names its request", () => {
  const absent: Table = { family: "inet", name: "absent" };
  expect(() => transact(socket, [addTable(table), deleteTable(absent), addChain(table, chain)])).toThrow(
    "netlink delete table absent: no such file or directory",
  );
  expect(ruleset()).toEqual([]);
  transact(socket, [addTable(table)]);
  expect(ruleset()).toEqual(["table inet t {", "}"]);
});

test("the whole is refused by one word when nothing of it may be done", () => {
  transact(socket, [addTable(table), addSet(table, { name: "s", key: [TYPE.port] }, 1)]);
  expect(() => transact(socket, deleteElements(table, "s", [{ key: [port(1)] }]))).toThrow("no such file");
  transact(socket, addElements(table, "s", [{ key: [port(1)] }]));
  expect(ruleset().join(" ")).toContain("elements = { 1 }");
});

test("thousands of elements go at once", () => {
  const elements = Array.from({ length: 5000 }, (_, index) => ({ key: [protocol(6), port(1000 + index)] }));
  transact(socket, [
    addTable(table),
    addSet(table, { name: "s", key: [TYPE.protocol, TYPE.port] }, 1),
    ...addElements(table, "s", elements),
  ]);
  expect(
    ruleset()
      .join(" ")
      .match(/tcp \. \d+/g),
  ).toHaveLength(5000);
  transact(socket, deleteElements(table, "s", elements));
  expect(ruleset().join(" ")).not.toContain("tcp");
});

test("rules are listed with their comments and deleted by their handles, chains told by their policies", () => {
  transact(socket, [
    addTable(table),
    addChain(table, { name: "c", hook: { type: "filter", at: "input", priority: 0, policy: "drop" } }),
    addRule(table, { chain: "c", expressions: [goTo(ACCEPT)], comment: "one" }),
    addRule(table, { chain: "c", expressions: [goTo(DROP)] }),
  ]);
  const rules = socket.dump(listRules(table, "c")).flatMap((message) => readRule(message) ?? []);
  expect(rules.map(({ chain: name, comment }) => [name, comment])).toEqual([
    ["c", "one"],
    ["c", undefined],
  ]);
  transact(socket, [deleteRules(table, "c", rules[0]!.handle)]);
  expect(ruleset()).not.toContain('accept comment "one"');
  expect(socket.query(getChain(table, "c")).map(readPolicy)).toContain("drop");
  expect(() => socket.query(getTable({ family: "ip", name: "t" }))).toThrow("no such file");
  transact(socket, [deleteRules(table, "c"), deleteChain(table, "c")]);
  expect(ruleset()).toEqual(["table inet t {", "}"]);
});

test.each([
  ["10.1.2.3", "0a010203"],
  ["::", "00".repeat(16)],
  ["::1", `${"00".repeat(15)}01`],
  ["fd00::", `fd${"00".repeat(15)}`],
  ["2001:db8:0:1::7", "20010db8000000010000000000000007"],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["::ffff:10.0.0.2", "00000000000000000000ffff0a000002"],
])("address() has %s as it is in a packet", (text, hex) => {
  expect(address(text).toString("hex")).toBe(hex);
});

test("joined parts begin at words, one alone keeps its length", () => {
  expect(Buffer.from(join([protocol(6), port(80)])).toString("hex")).toBe("0600000000500000");
  expect(join([port(80)])).toHaveLength(2);
});
