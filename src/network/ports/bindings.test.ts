import { expect, test } from "bun:test";
import { fromPortMap, type PortTarget, toBindings, toPortMap } from "./bindings.ts";
import { portRequests } from "./requests.ts";

const target: PortTarget = {
  endpointId: "e1",
  bridge: "br1",
  ipv4: "10.0.0.2",
  ipv6: undefined,
  gatewayMode: { ipv4: "nat", ipv6: "nat" },
  hostBinding: "0.0.0.0",
};
const dual: PortTarget = { ...target, ipv6: "fd00::2" };

function bindings(where: PortTarget, HostIp = "", hostHasIpv6 = true) {
  const hostConfig = { PortBindings: { "80/tcp": [{ HostIp, HostPort: "8080" }] }, PublishAllPorts: false };
  const [binding] = toBindings(portRequests({ config: {}, hostConfig }), where, hostHasIpv6);
  const shown = (ports: NonNullable<typeof binding>["held"]) =>
    ports.map(({ hostIp, containerIp }) => `${hostIp} -> ${containerIp}`);
  return { held: shown(binding!.held), routed: shown(binding!.routed) };
}

test.each<[string, PortTarget, string, boolean, string[]]>([
  [
    "every address leads to IPv4 where there is nothing else",
    target,
    "",
    true,
    ["0.0.0.0 -> 10.0.0.2", ":: -> 10.0.0.2"],
  ],
  ["each family leads to its own", dual, "", true, ["0.0.0.0 -> 10.0.0.2", ":: -> fd00::2"]],
  ["a host without IPv6 has IPv4 only", dual, "", false, ["0.0.0.0 -> 10.0.0.2"]],
  ["an address that was named is the only one", dual, "::1", true, ["::1 -> fd00::2"]],
  ["a network may have its own", { ...target, hostBinding: "127.0.0.2" }, "", true, ["127.0.0.2 -> 10.0.0.2"]],
  [
    "which is for those alone who name none",
    { ...target, hostBinding: "::1" },
    "0.0.0.0",
    true,
    ["0.0.0.0 -> 10.0.0.2"],
  ],
  ["nothing leads from IPv4 to IPv6", { ...dual, ipv4: undefined }, "", true, [":: -> fd00::2"]],
])("%s", (_what, where, hostIp, hostHasIpv6, expected) => {
  expect(bindings(where, hostIp, hostHasIpv6)).toEqual({ held: expected, routed: [] });
});

test("on a routed network nothing of the host is taken, whatever address was named, but for what has to be relayed", () => {
  const routed: PortTarget = { ...target, gatewayMode: { ipv4: "routed", ipv6: "routed" } };
  expect(bindings(routed)).toEqual({ held: [":: -> 10.0.0.2"], routed: ["0.0.0.0 -> 10.0.0.2"] });
  expect(bindings(routed, "127.0.0.1")).toEqual({ held: [], routed: ["0.0.0.0 -> 10.0.0.2"] });
  expect(bindings({ ...routed, ipv6: "fd00::2" })).toEqual({
    held: [],
    routed: ["0.0.0.0 -> 10.0.0.2", ":: -> fd00::2"],
  });
});

test("requests that differ in their addresses only are one binding", () => {
  const PortBindings = {
    "80/tcp": [
      { HostIp: "127.0.0.1", HostPort: "" },
      { HostIp: "127.0.0.2", HostPort: "" },
      { HostIp: "", HostPort: "80" },
    ],
  };
  const requests = portRequests({ config: {}, hostConfig: { PortBindings, PublishAllPorts: false } });
  expect(toBindings(requests, target, true).map(({ held }) => held.map(({ hostIp }) => hostIp))).toEqual([
    ["0.0.0.0", "::"],
    ["127.0.0.1", "127.0.0.2"],
  ]);
});

test("the map shows every exposed port, sorted, and is read back", () => {
  const common = { protocol: "tcp", containerPort: 80, bridge: "br1" } as const;
  const published = [
    { ...common, hostIp: "0.0.0.0", hostPort: 8080, containerIp: "10.0.0.2" },
    { ...common, hostIp: "::", hostPort: 8080, containerIp: "fd00::2" },
  ];
  const map = toPortMap(published, { ExposedPorts: { "9/udp": {}, "80/tcp": {} } });
  expect(JSON.stringify(map)).toBe(
    '{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],"9/udp":null}',
  );
  expect(fromPortMap(map, dual)).toEqual(published);
  const routed: PortTarget = { ...dual, gatewayMode: { ipv4: "routed", ipv6: "nat" } };
  const open = [{ ...common, hostIp: "0.0.0.0", hostPort: 0, containerIp: "10.0.0.2" }];
  expect(toPortMap(open, {})).toEqual({ "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "" }] });
  expect(fromPortMap(toPortMap(open, {}), routed)).toEqual(open);
});
