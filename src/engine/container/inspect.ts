/** What GET /containers/{id}/json shows: a pure view of the record. */
import type { ContainerRecord, ContainerSpec, ContainerState } from "../../state/container-record.ts";
import type { ContainerInspect, MountPoint, NetworkSettings } from "../../wire/container.ts";
import type { Paths } from "../paths.ts";
import type { EtcPaths } from "../ports.ts";
import { toStatus } from "./status-text.ts";

export interface InspectExtras {
  readonly paths: Paths;
  readonly etc: EtcPaths;
  readonly execIds: readonly string[];
  readonly mounts: readonly MountPoint[];
  /** As they are shown, by names. */
  readonly links: string[] | null;
  readonly sizes: { readonly SizeRw: number; readonly SizeRootFs: number } | undefined;
}

export function toInspect({ name, spec, state }: ContainerRecord, extras: InspectExtras): ContainerInspect {
  const { id } = spec;
  return {
    Id: id,
    Created: spec.createdAt,
    Path: spec.path,
    Args: [...spec.args],
    State: toState(state),
    Image: spec.imageId,
    ResolvConfPath: extras.etc.resolvConf,
    HostnamePath: extras.etc.hostname,
    HostsPath: extras.etc.hosts,
    LogPath: spec.hostConfig.LogConfig.Type === "none" ? "" : extras.paths.log(id),
    Name: `/${name}`,
    RestartCount: state.restartCount,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: extras.execIds.length === 0 ? null : [...extras.execIds],
    HostConfig: { ...spec.hostConfig, Links: extras.links },
    GraphDriver: { Name: "overlay2", Data: null },
    ...extras.sizes,
    Mounts: [...extras.mounts],
    Config: { ...spec.config, ...mainAddress(spec) },
    NetworkSettings: toNetworkSettings(state),
  };
}

/** The container's own address, as it was before every endpoint had one. */
function mainAddress({ hostConfig, networkingConfig }: ContainerSpec): { MacAddress?: string } {
  const { MacAddress = "" } = networkingConfig.EndpointsConfig[hostConfig.NetworkMode] ?? {};
  return MacAddress === "" ? {} : { MacAddress };
}

function toState(state: ContainerState): ContainerInspect["State"] {
  const { phase } = state;
  const status = toStatus(state);
  return {
    Status: status,
    Running: status === "running" || status === "paused" || status === "restarting",
    Paused: status === "paused",
    Restarting: status === "restarting",
    OOMKilled: state.oomKilled,
    Dead: status === "dead",
    Pid: phase.at === "running" || phase.at === "paused" ? phase.pid : 0,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(state.health === undefined ? {} : { Health: state.health }),
  };
}

/** The top-level addresses are the default bridge's, for clients that know nothing of networks. */
function toNetworkSettings(state: ContainerState): NetworkSettings {
  const bridge = state.endpoints["bridge"];
  return {
    Bridge: "",
    SandboxID: state.sandboxId,
    SandboxKey: state.sandboxId !== "" && "pid" in state.phase ? `/proc/${state.phase.pid}/ns/net` : "",
    Ports: { ...state.ports },
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.EndpointID ?? "",
    Gateway: bridge?.Gateway ?? "",
    GlobalIPv6Address: bridge?.GlobalIPv6Address ?? "",
    GlobalIPv6PrefixLen: bridge?.GlobalIPv6PrefixLen ?? 0,
    IPAddress: bridge?.IPAddress ?? "",
    IPPrefixLen: bridge?.IPPrefixLen ?? 0,
    IPv6Gateway: bridge?.IPv6Gateway ?? "",
    MacAddress: bridge?.MacAddress ?? "",
    Networks: { ...state.endpoints },
  };
}
