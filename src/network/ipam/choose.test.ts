import { expect, test } from "bun:test";
import { toCidr, toPrefix } from "../../base/ip-prefix.ts";
import { type ChoiceOptions, chooseSubnets } from "./choose.ts";
import { chooseSubnet, subnetPools } from "./subnet-pools.ts";

const BOTH = { enableIPv4: true, enableIPv6: true };
const IPV4 = { enableIPv4: true, enableIPv6: false };
const POOLS = [
  { base: toPrefix("10.20.0.0/22"), size: 24 },
  { base: toPrefix("fd07::/48"), size: 64 },
];

function choose(families: typeof BOTH, given: Partial<ChoiceOptions>) {
  return chooseSubnets(families, {
    wanted: [],
    pools: POOLS,
    ours: [],
    used: [],
    routed: true,
    hasGateway: () => true,
    ...given,
  });
}

test("without a wish each family has the first subnet that nobody uses", () => {
  const used = [{ cidr: "10.20.0.128/25", ofInterface: true }];
  expect(choose(BOTH, { ours: ["10.20.1.0/24", "fd07::/64"], used })).toEqual({
    subnets: [
      { cidr: "10.20.2.0/24", gateway: "10.20.2.1", range: undefined, reserved: [], configured: false },
      { cidr: "fd07:0:0:1::/64", gateway: "fd07:0:0:1::1", range: undefined, reserved: [], configured: false },
    ],
    config: [
      { Subnet: "10.20.2.0/24", Gateway: "10.20.2.1" },
      { Subnet: "fd07:0:0:1::/64", Gateway: "fd07:0:0:1::1" },
    ],
    chosen: true,
  });
});

test("what is asked for is shown as it was asked, and has its gateway all the same", () => {
  const wanted = [
    { Subnet: "fd08::/64", Gateway: "fd08::9" },
    { Subnet: "10.30.0.0/16", IPRange: "10.30.5.0/24", AuxiliaryAddresses: { printer: "10.30.5.1" } },
  ];
  const { subnets, config, chosen } = choose(BOTH, { wanted });
  expect(config).toEqual([wanted[1]!, wanted[0]!]);
  expect(chosen).toBe(false);
  expect(subnets.map(({ cidr, gateway, range, reserved }) => ({ cidr, gateway, range, reserved }))).toEqual([
    { cidr: "10.30.0.0/16", gateway: "10.30.5.0", range: "10.30.5.0/24", reserved: ["10.30.5.1"] },
    { cidr: "fd08::/64", gateway: "fd08::9", range: undefined, reserved: [] },
  ]);
});

test("a subnet of a family that is off is shown and not used", () => {
  const { subnets, config } = choose(IPV4, { wanted: [{ Subnet: "fd08::/64" }] });
  expect(config).toEqual([{ Subnet: "fd08::/64" }, { Subnet: "10.20.0.0/24", Gateway: "10.20.0.1" }]);
  expect(subnets.map(({ cidr }) => cidr)).toEqual(["10.20.0.0/24"]);
});

test("without a router no address is kept for one", () => {
  expect(choose(IPV4, { hasGateway: () => false }).config).toEqual([{ Subnet: "10.20.0.0/24" }]);
});

const OVERLAPS = "invalid pool request: Pool overlaps with other one on this address space";

test.each<[what: string, given: Partial<ChoiceOptions>, message: string | undefined]>([
  ["holds another of ours", { ours: ["10.30.7.0/24"] }, OVERLAPS],
  ["lies in another of ours", { ours: ["10.0.0.0/8"] }, OVERLAPS],
  ["has an interface in it", { used: [{ cidr: "10.30.7.0/24", ofInterface: true }] }, OVERLAPS],
  ["lies in an interface's", { used: [{ cidr: "10.0.0.0/8", ofInterface: true }] }, OVERLAPS],
  ["holds what a route leads to", { used: [{ cidr: "10.30.7.0/24", ofInterface: false }] }, OVERLAPS],
  ["is what a route leads to", { used: [{ cidr: "10.30.0.0/16", ofInterface: false }] }, OVERLAPS],
  [
    "is the machine's, which gets no route to it",
    { used: [{ cidr: "10.30.0.0/16", ofInterface: true }], routed: false },
    undefined,
  ],
  ["is ours, while the machine gets no route to it", { ours: ["10.30.0.0/16"], routed: false }, OVERLAPS],
  ["is a part of what a wider route leads to", { used: [{ cidr: "10.0.0.0/8", ofInterface: false }] }, undefined],
])("a subnet that %s", (_what, given, message) => {
  const attempt = () => choose(IPV4, { wanted: [{ Subnet: "10.30.0.0/16" }], ...given });
  if (message === undefined) expect(attempt().subnets).toHaveLength(1);
  else expect(attempt).toThrow(message);
});

test.each([
  [{ Gateway: "10.30.0.0" }, "failed to allocate gateway (10.30.0.0): Address already in use"],
  [
    { Gateway: "10.30.0.9", AuxiliaryAddresses: { a: "10.30.0.9" } },
    "failed to allocate secondary ip address (a:10.30.0.9): Address already in use",
  ],
])("an address that cannot be kept is refused: %p", (more, message) => {
  expect(() => choose(IPV4, { wanted: [{ Subnet: "10.30.0.0/24", ...more }] })).toThrow(message);
});

test("pools that are used up are told of", () => {
  expect(() => choose(IPV4, { ours: ["10.20.0.0/16"] })).toThrow(
    "all predefined address pools have been fully subnetted",
  );
});

test("a pool with more subnets than can be counted is stepped through by what is in use", () => {
  const pool = { base: toPrefix("fd00::/8"), size: 64 };
  const found = chooseSubnet([pool], [toPrefix("fd00::/16"), toPrefix("fd01::/32")]);
  expect(found && toCidr(found)).toBe("fd01:1::/64");
});

test("an engine's own IPv6 block is the same for ever, and another engine's is another", () => {
  const v6 = (engine: string): string => toCidr(subnetPools(engine, []).find(({ base }) => base.family === 6)!.base);
  expect(v6("one")).toMatch(/^fd[0-9a-f:]+::\/48$/);
  expect([v6("one"), v6("other")]).toEqual([v6("one"), expect.not.stringMatching(v6("one"))]);
});

test("configured pools take the place of those of their family only", () => {
  const [own, ...rest] = subnetPools("engine", [{ base: toPrefix("10.99.0.0/16"), size: 24 }]);
  expect(toCidr(own!.base)).toBe("10.99.0.0/16");
  expect(rest.map(({ base }) => base.family)).toEqual([6]);
});
