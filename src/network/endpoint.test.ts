import { expect, test } from "bun:test";
import { emptyEndpoint } from "../wire/empty.ts";
import { type Connected, gatewaysOf, leaseOf, macFor, toRoutes, toSettings } from "./endpoint.ts";

const IPV4 = { ipv4: { address: "10.0.0.2", prefixLength: 24, gateway: "10.0.0.1" } };
const IPV6 = { ipv6: { address: "fd00::2", prefixLength: 64, gateway: "fd00::1" } };

function connected(network: string, given: Partial<Connected> & { lease?: object; priority?: number } = {}): Connected {
  const { lease = IPV4, priority = 0, ...more } = given;
  const wanted = { ...emptyEndpoint(), GwPriority: priority };
  return { network, internal: false, routed: false, endpoint: { id: network, lease, mac: undefined, wanted }, ...more };
}

const NO_ROUTER = { ipv4: { address: "10.0.0.2", prefixLength: 24, gateway: undefined } };

test.each<[what: string, connections: Connected[], ipv4: string | undefined, ipv6: string | undefined]>([
  ["nothing", [], undefined, undefined],
  ["the first by name", [connected("b"), connected("a")], "a", undefined],
  ["the highest priority", [connected("a"), connected("b", { priority: 1 })], "b", undefined],
  ["not the lowest", [connected("a", { priority: -1 }), connected("b")], "b", undefined],
  [
    "both families at once, when that can be had",
    [connected("a"), connected("b", { lease: { ...IPV4, ...IPV6 } })],
    "b",
    "b",
  ],
  [
    "priority before both families",
    [connected("a", { priority: 1 }), connected("b", { lease: { ...IPV4, ...IPV6 } })],
    "a",
    "b",
  ],
  ["each family its own way", [connected("a"), connected("b", { lease: IPV6 })], "a", "b"],
  ["never an internal network", [connected("a", { internal: true }), connected("b")], "b", undefined],
  ["nor one without a router", [connected("a", { lease: NO_ROUTER })], undefined, undefined],
  ["but one that is routed by its interface", [connected("a", { lease: NO_ROUTER, routed: true })], "a", undefined],
])("everything leaves by %s", (_what, connections, ipv4, ipv6) => {
  const chosen = gatewaysOf(connections);
  expect([chosen.ipv4?.network, chosen.ipv6?.network]).toEqual([ipv4, ipv6]);
});

test("the default routes lead to routers, or through an interface", () => {
  expect(toRoutes([connected("a"), connected("b", { lease: IPV6 })])).toEqual({
    ipv4: { gateway: "10.0.0.1" },
    ipv6: { gateway: "fd00::1" },
  });
  expect(toRoutes([connected("a", { lease: NO_ROUTER, routed: true })])).toEqual({ ipv4: { through: "10.0.0.2" } });
});

test("a hardware address is the wanted one, or as constant as the address", () => {
  const wanted = { ...emptyEndpoint(), MacAddress: "02-AB-00-00-00-07" };
  expect(macFor("net", IPV4, wanted)).toBe("02:ab:00:00:00:07");
  expect(macFor("net", IPV4, emptyEndpoint())).toBe("02:42:0a:00:00:02");
  const byIPv6 = macFor("net", IPV6, emptyEndpoint());
  expect(byIPv6).toMatch(/^02:42(:[0-9a-f]{2}){4}$/);
  expect([macFor("net", IPV6, emptyEndpoint()), macFor("other", IPV6, emptyEndpoint())]).toEqual([
    byIPv6,
    expect.not.stringMatching(byIPv6),
  ]);
});

test("a lease is found again in what inspect shows", () => {
  const lease = { ...IPV4, ...IPV6 };
  const settings = toSettings("net", { id: "e", lease, mac: "02:42:0a:00:00:02", wanted: emptyEndpoint() }, ["web"]);
  expect(settings).toMatchObject({ IPAddress: "10.0.0.2", IPv6Gateway: "fd00::1", EndpointID: "e", DNSNames: ["web"] });
  expect(leaseOf(settings)).toEqual(lease);
  expect(leaseOf(emptyEndpoint())).toEqual({});
});
