import { expect, test } from "bun:test";
import { exposedPorts, portRequests } from "./requests.ts";

const wanted = (
  PortBindings: Record<string, { HostIp: string; HostPort: string }[] | null>,
  exposed: string[] = [],
) => ({
  config: { ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])) },
  hostConfig: { PortBindings, PublishAllPorts: false },
});
const on = (HostPort: string, HostIp = "") => ({ HostIp, HostPort });

const shown = (request: ReturnType<typeof portRequests>[number]): string =>
  `${request.hostIp}:${request.firstHostPort}-${request.lastHostPort} -> ${request.containerPort}/${request.protocol}`;

test.each([
  ["80/tcp", on("8080"), ":8080-8080 -> 80/tcp"],
  ["80", on("8080"), ":8080-8080 -> 80/tcp"],
  ["53/UDP", on("", "127.0.0.1"), "127.0.0.1:0-0 -> 53/udp"],
  ["9/sctp", on("9000-9010", "::1"), "::1:9000-9010 -> 9/sctp"],
  ["80/tcp", on("8080/tcp"), ":8080-8080 -> 80/tcp"],
])("%s on %j is %s", (key, binding, text) => {
  expect(portRequests(wanted({ [key]: [binding] })).map(shown)).toEqual([text]);
});

test("ports without a place to be published are not asked for", () => {
  expect(portRequests(wanted({ "80/tcp": null, "81/tcp": [] }))).toEqual([]);
});

test("all exposed ports are published somewhere, but for those that have a place of their own", () => {
  const { config, hostConfig } = wanted({ "80/tcp": [on("8080")] }, ["80/tcp", "81/udp"]);
  const requests = portRequests({ config, hostConfig: { ...hostConfig, PublishAllPorts: true } });
  expect(requests.map(shown)).toEqual([":8080-8080 -> 80/tcp", ":0-0 -> 81/udp"]);
});

test("single ports come before ranges, then lower ports, then tcp, and those that differ in the address only side by side", () => {
  const requests = portRequests(
    wanted({
      "90/tcp": [on("")],
      "85/udp": [on("1")],
      "85/tcp": [on("2", "127.0.0.1"), on("1-5"), on("2", "10.0.0.1"), on("1")],
      "80/tcp": [on("1-9")],
    }),
  );
  expect(requests.map(shown)).toEqual([
    ":1-1 -> 85/tcp",
    "10.0.0.1:2-2 -> 85/tcp",
    "127.0.0.1:2-2 -> 85/tcp",
    ":1-1 -> 85/udp",
    ":1-9 -> 80/tcp",
    ":1-5 -> 85/tcp",
    ":0-0 -> 90/tcp",
  ]);
});

test("exposed ranges are their ports", () => {
  expect(exposedPorts({ ExposedPorts: { "8000-8002": {}, "53/udp": {} } })).toEqual([
    "8000/tcp",
    "8001/tcp",
    "8002/tcp",
    "53/udp",
  ]);
});
