import { expect, test } from "bun:test";
import { emptyConfig, emptyHostConfig } from "../empty.ts";
import { decodeContainerCreate } from "./container-create.ts";

test("decodeContainerCreate() fills in everything that a client leaves out", () => {
  expect(decodeContainerCreate({ Image: "busybox" })).toEqual({
    config: { ...emptyConfig(), Image: "busybox" },
    hostConfig: emptyHostConfig(),
    networkingConfig: { EndpointsConfig: {} },
  });
});

test("decodeContainerCreate() takes keys in any case, null for nothing, and ignores unknown keys", () => {
  const { config, hostConfig } = decodeContainerCreate({
    image: "busybox",
    ENV: ["A=b", null],
    Labels: null,
    Nonsense: { a: 1 },
    hostconfig: { memory: 1024, Binds: null, Ulimits: [{ name: "nofile", soft: 1, hard: 2 }] },
  });
  expect(config).toEqual({ ...emptyConfig(), Image: "busybox", Env: ["A=b", ""] });
  expect(hostConfig).toEqual({ ...emptyHostConfig(), Memory: 1024, Ulimits: [{ Name: "nofile", Soft: 1, Hard: 2 }] });
});

test("decodeContainerCreate() takes one string for a command of one word", () => {
  const { config, hostConfig } = decodeContainerCreate({
    Image: "x",
    Cmd: "echo hi",
    Entrypoint: ["sh", "-c"],
    HostConfig: { CapAdd: "NET_ADMIN" },
  });
  expect([config.Cmd, config.Entrypoint, hostConfig.CapAdd]).toEqual([["echo hi"], ["sh", "-c"], ["NET_ADMIN"]]);
});

test("decodeContainerCreate() keeps what a mount says and adds nothing", () => {
  const mount = { Type: "bind", Source: "/a", Target: "/b", BindOptions: { Propagation: "rslave" } };
  const { hostConfig } = decodeContainerCreate({ Image: "x", HostConfig: { Mounts: [mount] } });
  expect(hostConfig.Mounts).toEqual([{ ...mount, Type: "bind" }]);
});

test("decodeContainerCreate() makes the largest limits ones that every client can read back", () => {
  const { hostConfig } = decodeContainerCreate(JSON.parse('{"Image":"x","HostConfig":{"Memory":9223372036854775807}}'));
  expect(JSON.stringify(hostConfig.Memory)).toBe("9007199254740991");
});

test("decodeContainerCreate() gives every request objects of its own", () => {
  const first = decodeContainerCreate({ Image: "x" });
  first.hostConfig.LogConfig.Config["a"] = "b";
  expect(decodeContainerCreate({ Image: "x" }).hostConfig.LogConfig.Config).toEqual({});
});

test.each([null, {}, { HostConfig: {} }, { a: 5 }])("decodeContainerCreate() refuses %j as empty", (body) => {
  expect(() => decodeContainerCreate(body)).toThrow("config cannot be empty in order to create a container");
});

// The messages are those of Docker 28.5.2.
test.each([
  ["[]", "array into Go value of type container.CreateRequest"],
  ['"a"', "string into Go value of type container.CreateRequest"],
  ['{"Image":5}', "number into Go struct field .Image of type string"],
  ['{"Cmd":5}', "number into Go value of type string"],
  ['{"Cmd":["a",5]}', "array into Go value of type string"],
  ['{"Cmd":{"a":1}}', "object into Go value of type string"],
  ['{"Env":"a"}', "string into Go struct field .Env of type []string"],
  ['{"Env":[1]}', "number into .Env.0 of type string"],
  ['{"Tty":"yes"}', "string into Go struct field .Tty of type bool"],
  ['{"Labels":["a"]}', "array into Go struct field .Labels of type map[string]string"],
  ['{"Labels":{"a/b~c":[]}}', "array into Go struct field .Labels.a~1b~0c of type string"],
  ['{"ExposedPorts":["80"]}', "array into Go struct field .ExposedPorts of type nat.PortSet"],
  ['{"ExposedPorts":{"80/tcp":1}}', "number into Go struct field .ExposedPorts.80~1tcp of type struct {}"],
  ['{"StopTimeout":1.5}', "number 1.5 into Go struct field .StopTimeout of type int"],
  ['{"Healthcheck":{"Interval":"5s"}}', "string into Go struct field .Healthcheck.Interval of type time.Duration"],
  ['{"HostConfig":5}', "number into Go struct field .HostConfig of type container.HostConfig"],
  ['{"HostConfig":{"Memory":"5m"}}', "string into Go struct field .HostConfig.Memory of type int64"],
  ['{"HostConfig":{"BlkioWeight":-1}}', "number -1 into Go struct field .HostConfig.BlkioWeight of type uint16"],
  [
    '{"HostConfig":{"RestartPolicy":{"Name":5}}}',
    "number into Go struct field .HostConfig.RestartPolicy.Name of type container.RestartPolicyMode",
  ],
  [
    '{"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":80}]}}}',
    "number into Go struct field .HostConfig.PortBindings.80~1tcp.0.HostPort of type string",
  ],
  [
    '{"HostConfig":{"PortBindings":{"80/tcp":{}}}}',
    "object into Go struct field .HostConfig.PortBindings.80~1tcp of type []nat.PortBinding",
  ],
  ['{"HostConfig":{"Ulimits":{}}}', "object into Go struct field .HostConfig.Ulimits of type []*units.Ulimit"],
  ['{"HostConfig":{"Ulimits":[5]}}', "number into .HostConfig.Ulimits.0 of type units.Ulimit"],
  [
    '{"HostConfig":{"Mounts":[{"Type":5}]}}',
    "number into Go struct field .HostConfig.Mounts.0.Type of type mount.Type",
  ],
  ['{"HostConfig":{"ConsoleSize":[-1,2]}}', "number -1 into .HostConfig.ConsoleSize.0 of type uint"],
  [
    '{"HostConfig":{"DeviceRequests":[{"Capabilities":["a"]}]}}',
    "string into .HostConfig.DeviceRequests.0.Capabilities.0 of type []string",
  ],
  [
    '{"NetworkingConfig":{"EndpointsConfig":[]}}',
    "array into Go struct field .NetworkingConfig.EndpointsConfig of type map[string]*network.EndpointSettings",
  ],
])("decodeContainerCreate() refuses %s as Go does", (body, message) => {
  expect(() => decodeContainerCreate(JSON.parse(body))).toThrow(`invalid JSON: json: cannot unmarshal ${message}`);
});

test("decodeContainerCreate() leaves out what Docker's inspect leaves out when it is empty, and only that", () => {
  const { config, hostConfig } = decodeContainerCreate({
    Image: "x",
    Shell: [],
    ExposedPorts: {},
    NetworkDisabled: false,
    OnBuild: [],
    HostConfig: { Tmpfs: {}, Sysctls: {}, StorageOpt: {}, Annotations: {}, Mounts: [], PortBindings: {}, Binds: [] },
  });
  expect(config).toStrictEqual({ ...emptyConfig(), Image: "x", OnBuild: [] });
  expect(hostConfig).toStrictEqual({ ...emptyHostConfig(), PortBindings: {}, Binds: [] });
});
