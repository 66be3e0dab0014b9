/** What a container asks of its networks, what it has of them, and what it is told. */
import type { ContainerId } from "../base/ids.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import type { ContainerConfig, EndpointSettings } from "../wire/container.ts";
import type { HostConfig } from "../wire/host-config.ts";
import type { LiveNetwork } from "./live-network.ts";
import type { PortMap, PortTarget } from "./ports/bindings.ts";
import type { PublishingConnection } from "./ports/target.ts";

/** The engine's ports.ts says more. */
export interface SandboxRequest {
  readonly name: string;
  readonly config: Pick<ContainerConfig, "Hostname" | "ExposedPorts">;
  readonly hostConfig: Pick<
    HostConfig,
    "NetworkMode" | "PortBindings" | "PublishAllPorts" | "Dns" | "DnsSearch" | "DnsOptions"
  >;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
}

export interface Connections {
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly ports: PortMap;
}

export interface Sandbox extends Connections {
  /** A path that any process of the machine's root can open; undefined is the host's namespace. */
  readonly netnsPath: string | undefined;
  readonly sandboxId: string;
}

/** A connection to one network. */
export interface Attached extends PublishingConnection {
  readonly live: LiveNetwork;
}

/** A container that has a namespace of its own. */
export interface Use {
  readonly id: ContainerId;
  request: SandboxRequest;
  /** Networks that cannot be removed because of it. */
  readonly entered: Set<LiveNetwork>;
  /** By network name. */
  readonly attached: Map<string, Attached>;
  /** The connection to "none". */
  bare: EndpointSettings | undefined;
  /** Until its process holds it. */
  netns: OwnedFd | undefined;
  pid: number | undefined;
  /** What is published, and where it leads. */
  ports: PortMap;
  target: PortTarget | undefined;
}

export const newUse = (id: ContainerId, request: SandboxRequest): Use => ({
  id,
  request,
  entered: new Set(),
  attached: new Map(),
  bare: undefined,
  netns: undefined,
  pid: undefined,
  ports: {},
  target: undefined,
});
