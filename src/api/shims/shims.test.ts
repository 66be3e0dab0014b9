import { expect, test } from "bun:test";
import type { ContainerInspect, ContainerSummary } from "../../wire/container.ts";
import { emptyConfig, emptyEndpoint, emptyHostConfig } from "../../wire/empty.ts";
import type { ImageInspect, ImageSummary } from "../../wire/image.ts";
import { adapt } from "./adapt.ts";

const ID = "0123456789abcdef".repeat(4);
const STATE: ContainerInspect["State"] = {
  Status: "created",
  Running: false,
  Paused: false,
  Restarting: false,
  OOMKilled: false,
  Dead: false,
  Pid: 0,
  ExitCode: 0,
  Error: "",
  StartedAt: "",
  FinishedAt: "",
};

function inspected(networks: ContainerInspect["NetworkSettings"]["Networks"]): ContainerInspect {
  return {
    Id: ID,
    Created: "",
    Path: "sh",
    Args: [],
    State: STATE,
    Image: "",
    ResolvConfPath: "",
    HostnamePath: "",
    HostsPath: "",
    LogPath: "",
    Name: "/x",
    RestartCount: 0,
    Driver: "",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: null,
    HostConfig: emptyHostConfig(),
    GraphDriver: { Name: "", Data: null },
    Mounts: [],
    Config: emptyConfig(),
    NetworkSettings: { SandboxID: "s", SandboxKey: "", Ports: {}, Networks: networks },
  };
}

const bridge = { ...emptyEndpoint(), IPAddress: "172.17.0.2", Gateway: "172.17.0.1", IPPrefixLen: 16 };

test("clients below 1.52 find the default bridge's address where it always was", () => {
  const settings = adapt("containerInspect", inspected({ bridge }), "1.51").NetworkSettings;
  expect(settings).toMatchObject({ IPAddress: "172.17.0.2", Gateway: "172.17.0.1", IPPrefixLen: 16, Bridge: "" });
});

test("clients from 1.52 on find it in Networks only, even when the engine says more", () => {
  const value = inspected({ bridge });
  const old = adapt("containerInspect", value, "1.51");
  expect(adapt("containerInspect", old, "1.52")).toEqual(value);
});

test("clients below 1.52 find the container's own address in its configuration", () => {
  const value = { ...inspected({ bridge }), Config: { ...emptyConfig(), MacAddress: "02:42:ac:11:00:02" } };
  expect(adapt("containerInspect", value, "1.51").Config.MacAddress).toBe("02:42:ac:11:00:02");
  expect("MacAddress" in adapt("containerInspect", value, "1.52").Config).toBe(false);
});

test("clients below 1.45 find the short id among the aliases of user-defined networks", () => {
  const value = inspected({ bridge, mine: { ...emptyEndpoint(), Aliases: ["web"] } });
  const aliases = (version: string) => {
    const { Networks } = adapt("containerInspect", value, version).NetworkSettings;
    return [Networks["bridge"]?.Aliases, Networks["mine"]?.Aliases];
  };
  expect(aliases("1.44")).toEqual([null, ["web", "0123456789ab"]]);
  expect(aliases("1.45")).toEqual([null, ["web"]]);
});

test("lists lose what older clients do not know", () => {
  const summary: ContainerSummary = {
    Id: ID,
    Names: ["/x"],
    Image: "",
    ImageID: "",
    Command: "",
    Created: 0,
    Ports: [],
    Labels: {},
    State: "running",
    Status: "",
    Health: { Status: "healthy", FailingStreak: 0 },
    HostConfig: { NetworkMode: "bridge", Annotations: { a: "b" } },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
  const known = (version: string) => {
    const [item] = adapt("containerList", [summary], version);
    return [item?.Health !== undefined, item?.HostConfig.Annotations !== undefined];
  };
  expect([known("1.52"), known("1.51"), known("1.45")]).toEqual([
    [true, true],
    [false, true],
    [false, false],
  ]);
});

const image: ImageInspect = {
  Id: "sha256:abc",
  RepoTags: [],
  RepoDigests: [],
  Parent: "",
  Comment: "",
  Created: "",
  DockerVersion: "",
  Author: "",
  Config: { User: "", Env: null, Entrypoint: null, Cmd: ["sh"], Volumes: null, WorkingDir: "", Labels: null },
  Architecture: "amd64",
  Os: "linux",
  Size: 7,
  GraphDriver: { Name: "", Data: null },
  RootFS: { Type: "layers", Layers: [] },
  Metadata: { LastTagTime: "" },
};

test("images get back the fields that older clients read", () => {
  expect(adapt("imageInspect", image, "1.50")).toEqual(image);
  expect(adapt("imageInspect", image, "1.49").Config).toMatchObject({ Hostname: "", Tty: false, Cmd: ["sh"] });
  expect(adapt("imageInspect", image, "1.44")).toMatchObject({ Container: "", ContainerConfig: { Cmd: null } });
  expect(adapt("imageInspect", image, "1.43")).toMatchObject({ VirtualSize: 7 });
});

test("images without names had names of <none> for clients below 1.43", () => {
  const summary: ImageSummary = {
    Id: "sha256:abc",
    ParentId: "",
    RepoTags: [],
    RepoDigests: [],
    Created: 0,
    Size: 7,
    SharedSize: -1,
    Labels: null,
    Containers: 2,
  };
  expect(adapt("imageList", [summary], "1.51")).toEqual([summary]);
  expect(adapt("imageList", [summary], "1.43")).toEqual([{ ...summary, Containers: -1, VirtualSize: 7 }]);
  expect(adapt("imageList", [summary], "1.42")[0]).toMatchObject({
    RepoTags: ["<none>:<none>"],
    RepoDigests: ["<none>@<none>"],
  });
});

test("info of older versions has what was there", () => {
  const info = {
    RuncCommit: { ID: "r" },
    FirewallBackend: { Driver: "nftables" },
    SecurityOptions: ["name=seccomp,profile=builtin"],
  };
  expect(adapt("info", info, "1.50")).toEqual(info);
  expect(adapt("info", info, "1.24")).toEqual({
    RuncCommit: { ID: "r", Expected: "r" },
    BridgeNfIptables: false,
    BridgeNfIp6tables: false,
    SecurityOptions: ["seccomp"],
  });
});
