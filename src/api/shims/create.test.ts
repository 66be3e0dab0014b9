import { expect, test } from "bun:test";
import { decodeContainerCreate } from "../../wire/decode/container-create.ts";
import { adaptCreate } from "./create.ts";

const adapted = (body: Record<string, unknown>, version: string) =>
  adaptCreate(decodeContainerCreate({ Image: "x", ...body }), version);

test("the default network is the bridge, also for its endpoint", () => {
  const { request } = adapted({ NetworkingConfig: { EndpointsConfig: { default: { Aliases: [] } } } }, "1.56");
  expect(request.hostConfig.NetworkMode).toBe("bridge");
  expect(Object.keys(request.networkingConfig.EndpointsConfig)).toEqual(["bridge"]);
});

test("a pids limit of 0 or less is none", () => {
  const limit = (PidsLimit: number) => adapted({ HostConfig: { PidsLimit } }, "1.56").request.hostConfig.PidsLimit;
  expect([-1, 0, 5].map(limit)).toEqual([null, null, 5]);
});

test("an empty list of port bindings is any port below 1.53 and none since", () => {
  const body = { HostConfig: { PortBindings: { "80/tcp": [] } } };
  expect(adapted(body, "1.52").request.hostConfig.PortBindings).toEqual({ "80/tcp": [{ HostIp: "", HostPort: "" }] });
  expect(adapted(body, "1.53").request.hostConfig.PortBindings).toEqual({});
});

test.each([
  ["1.24", { AutoRemove: false }],
  ["1.39", { AutoRemove: true, IpcMode: "shareable" }],
  ["1.41", { IpcMode: "", ConsoleSize: [0, 0] }],
  ["1.42", { AutoRemove: true, ConsoleSize: [24, 80] }],
  ["1.43", { Annotations: { a: "b" } }],
])("clients of %s mean %j", (version, host) => {
  const body = { HostConfig: { AutoRemove: true, ConsoleSize: [24, 80], Annotations: { a: "b" } } };
  expect(adapted(body, version).request.hostConfig).toMatchObject(host);
});

test("annotations of clients that have none are dropped", () => {
  const body = { HostConfig: { Annotations: { a: "b" } } };
  expect("Annotations" in adapted(body, "1.42").request.hostConfig).toBe(false);
});

test("read-only mounts of clients below 1.44 are not recursively read-only", () => {
  const body = { HostConfig: { Mounts: [{ Type: "bind", Target: "/b", Source: "/a", BindOptions: {} }] } };
  const options = (version: string) => adapted(body, version).request.hostConfig.Mounts?.[0]?.BindOptions;
  expect([options("1.43"), options("1.44")]).toEqual([{ ReadOnlyNonRecursive: true }, {}]);
});

test.each([
  [
    "1.47",
    { HostConfig: { Mounts: [{ Type: "image", Target: "/b" }] } },
    'Mount type "Image" needs API v1.48 or newer',
  ],
  [
    "1.44",
    { HostConfig: { Mounts: [{ Type: "volume", VolumeOptions: { Subpath: "a" } }] } },
    "VolumeOptions.Subpath needs API v1.45 or newer",
  ],
  [
    "1.43",
    { HostConfig: { Mounts: [{ Type: "bind", BindOptions: { ReadOnlyForceRecursive: true } }] } },
    "BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer",
  ],
  [
    "1.43",
    { NetworkingConfig: { EndpointsConfig: { a: {}, b: {} } } },
    "Container cannot be created with multiple network endpoints: a, b",
  ],
  [
    "1.43",
    { MacAddress: "02:42:ac:11:00:02", HostConfig: { NetworkMode: "host" } },
    "conflicting options: mac-address and the network mode",
  ],
])("clients of %s are told what they cannot have: %j", (version, body, message) => {
  expect(() => adapted(body, version)).toThrow(message);
});

test("the container-wide MAC address moves to its endpoint, with a warning since 1.44, and is ignored since 1.52", () => {
  const mac = "02:42:ac:11:00:02";
  const outcome = (version: string) => {
    const { request, warnings } = adapted({ MacAddress: mac }, version);
    return [request.networkingConfig.EndpointsConfig["bridge"]?.MacAddress, warnings.length, request.config.MacAddress];
  };
  expect([outcome("1.43"), outcome("1.51"), outcome("1.52")]).toEqual([
    [mac, 0, undefined],
    [mac, 1, undefined],
    [undefined, 0, undefined],
  ]);
});
