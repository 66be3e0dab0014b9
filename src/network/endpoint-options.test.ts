import { expect, test } from "bun:test";
import { endpointOptions } from "./endpoint-options.ts";

test("an endpoint without options wants nothing", () => {
  const nothing = { name: undefined, sysctls: {}, sends: undefined, receives: undefined };
  expect([endpointOptions(null), endpointOptions({}), endpointOptions({ other: "x" })]).toEqual([
    nothing,
    nothing,
    nothing,
  ]);
});

test("a rate limits both directions, one of a direction that one, each with a burst that fits", () => {
  expect(endpointOptions({ "tare.rate": "80mbit", "tare.rate-in": "8mbit", "tare.burst-out": "1m" })).toMatchObject({
    sends: { bytesPerSecond: 10_000_000, burstBytes: 1_048_576 },
    receives: { bytesPerSecond: 1_000_000, burstBytes: 65_536 },
  });
  expect(endpointOptions({ "tare.rate-out": "8gbit" })).toMatchObject({
    sends: { bytesPerSecond: 1_000_000_000, burstBytes: 10_000_000 },
    receives: undefined,
  });
});

test.each([
  [{ "tare.rate": "fast" }, "invalid rate: fast"],
  [{ "tare.rate": "1m", "tare.burst": "much" }, "invalid burst: much"],
])("%p is refused", (options, message) => {
  expect(() => endpointOptions(options)).toThrow(message);
});

test("sysctls are paths below /proc/sys/net", () => {
  const text = "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.hop_limit=7";
  expect(endpointOptions({ "com.docker.network.endpoint.sysctls": text }).sysctls).toEqual({
    "ipv4/conf/IFNAME/log_martians": "1",
    "ipv6/conf/IFNAME/hop_limit": "7",
  });
});
