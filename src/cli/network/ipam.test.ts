import { expect, test } from "bun:test";
import { type IpamFlags, ipamConfig } from "./ipam.ts";

const flags = (given: Partial<IpamFlags>): IpamFlags => ({
  subnets: [],
  ranges: [],
  gateways: [],
  auxiliary: {},
  ...given,
});

test("each thing goes to the subnet that it lies in", () => {
  const config = ipamConfig(
    flags({
      subnets: ["fd00::/64", "10.0.0.0/24"],
      ranges: ["10.0.0.128/25"],
      gateways: ["10.0.0.9", "fd00::9"],
      auxiliary: { a: "10.0.0.7", b: "fd00::7", c: "10.0.0.8" },
    }),
  );
  expect(config).toEqual([
    { Subnet: "fd00::/64", Gateway: "fd00::9", AuxiliaryAddresses: { b: "fd00::7" } },
    {
      Subnet: "10.0.0.0/24",
      IPRange: "10.0.0.128/25",
      Gateway: "10.0.0.9",
      AuxiliaryAddresses: { a: "10.0.0.7", c: "10.0.0.8" },
    },
  ]);
});

test.each<[given: Partial<IpamFlags>, message: string]>([
  [{ gateways: ["10.0.0.1"] }, "every ip-range or gateway must have a corresponding subnet"],
  [{ subnets: ["10.0.0.0/24"], gateways: ["10.0.1.1"] }, "no matching subnet for gateway 10.0.1.1"],
  [{ subnets: ["10.0.0.0/24"], ranges: ["10.0.1.0/25"] }, "no matching subnet for range 10.0.1.0/25"],
  [{ subnets: ["10.0.0.0/24"], ranges: ["x"] }, "invalid CIDR address: x"],
  [{ subnets: ["10.0.0.0/24"], auxiliary: { a: "" } }, "no matching subnet for aux-address "],
  [{ subnets: ["x"], gateways: ["10.0.0.1"] }, "invalid subnet: invalid CIDR address: x"],
  [{ subnets: ["10.0.0.0/24", "10.0.0.0/25"] }, "multiple overlapping subnet configuration is not supported"],
  [
    { subnets: ["10.0.0.0/24", "10.0.1.0/24"], gateways: ["10.0.0.1", "10.0.0.2"] },
    "cannot configure multiple gateways (10.0.0.2, 10.0.0.1) for the same subnet (10.0.0.0/24)",
  ],
  [
    { subnets: ["10.0.0.0/24", "10.0.1.0/24"], ranges: ["10.0.0.0/25", "10.0.0.128/25"] },
    "cannot configure multiple ranges (10.0.0.128/25, 10.0.0.0/25) on the same subnet (10.0.0.0/24)",
  ],
])("%p is refused", (given, message) => {
  expect(() => ipamConfig(flags(given))).toThrow(message);
});
