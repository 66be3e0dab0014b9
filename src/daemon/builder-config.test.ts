import { expect, test } from "bun:test";
import type { BuilderSettings } from "./builder-config.ts";
import { decodeConfigFile } from "./config-file.ts";

const decode = (builder: unknown): BuilderSettings | undefined =>
  decodeConfigFile("engine.json", JSON.stringify({ builder })).config.builder;

test("an empty object is the default", () => {
  expect(decode({})).toEqual({ collect: { space: {}, policies: undefined }, entitlements: ["network.host"] });
});

test("collection can be turned off", () => {
  expect(decode({ gc: { enabled: false, defaultKeepStorage: "1GB" } })?.collect).toBeUndefined();
});

test("limits are sizes, the older name of the first one too", () => {
  const gc = { enabled: true, defaultKeepStorage: "10GB", defaultMaxUsedSpace: "20g", defaultMinFreeSpace: "512m" };
  expect(decode({ gc })?.collect?.space).toEqual({
    reserved: 10 * 1024 ** 3,
    maxUsed: 20 * 1024 ** 3,
    minFree: 512 * 1024 ** 2,
  });
});

test("rules are taken in their order", () => {
  const policy = [
    { keepStorage: "1g", keepDuration: "48h", filter: ["type=source.local"] },
    { reservedSpace: "2g", maxUsedSpace: "3g", minFreeSpace: "4g", all: true },
  ];
  const gb = 1024 ** 3;
  expect(decode({ gc: { policy } })?.collect?.policies).toEqual([
    {
      all: false,
      filters: ["type=source.local"],
      keepMs: 172_800_000,
      reservedBytes: gb,
      maxUsedBytes: 0,
      minFreeBytes: 0,
    },
    { all: true, filters: [], keepMs: 0, reservedBytes: 2 * gb, maxUsedBytes: 3 * gb, minFreeBytes: 4 * gb },
  ]);
});

test("what builds may ask for", () => {
  expect(decode({ entitlements: { "network-host": false, "security-insecure": true } })?.entitlements).toEqual([
    "security.insecure",
  ]);
});

test.each([
  [{ gc: { enabled: "yes" } }, '"builder.gc.enabled" must be true or false'],
  [{ gc: { defaultKeepStorage: "much" } }, '"builder.gc.defaultKeepStorage" must be a size'],
  [{ gc: { policy: {} } }, '"builder.gc.policy" must be a list'],
  [{ gc: { policy: [{ keepDuration: "soon" }] } }, '"builder.gc.policy.0.keepDuration" must be a duration'],
  [{ entitlements: [] }, '"builder.entitlements" must be an object'],
])("%p is refused", (builder, message) => {
  expect(() => decode(builder)).toThrow(message);
});
