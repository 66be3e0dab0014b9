/** Which ports a container wants published, read from its configuration. Pure. */
import type { ContainerConfig } from "../../wire/container.ts";
import type { HostConfig, PortBinding } from "../../wire/host-config.ts";
import type { Protocol } from "./published-port.ts";

export interface ContainerPort {
  readonly protocol: Protocol;
  readonly containerPort: number;
}

/** One that may be published on any of several ports of the host; on any at all when both ends are 0. */
export interface PortRequest extends ContainerPort {
  /** "" when the network chooses. */
  readonly hostIp: string;
  readonly firstHostPort: number;
  readonly lastHostPort: number;
}

export interface PortsWanted {
  /** Of the container. */
  readonly name: string;
  readonly config: Pick<ContainerConfig, "ExposedPorts">;
  readonly hostConfig: Pick<HostConfig, "PortBindings" | "PublishAllPorts">;
}

/** In the order in which moby allocates them: single ports before ranges, then by what they are. */
export function portRequests({ config, hostConfig }: Omit<PortsWanted, "name">): PortRequest[] {
  const { PublishAllPorts } = hostConfig;
  const bindings = hostConfig.PortBindings ?? {};
  const exposed = PublishAllPorts ? Object.keys(config.ExposedPorts ?? {}) : [];
  const anywhere = exposed.filter((key) => (bindings[key] ?? []).length === 0);
  return [
    ...Object.entries(bindings).flatMap(([key, wanted]) => (wanted ?? []).flatMap((each) => wants(key, each))),
    ...anywhere.flatMap((key) => wants(key, { HostIp: "", HostPort: "" })),
  ].sort(compare);
}

/** "80/tcp" for each port that is exposed, whether published or not. */
export function exposedPorts({ ExposedPorts }: PortsWanted["config"]): string[] {
  return Object.keys(ExposedPorts ?? {}).flatMap((key) => containerPorts(key).map(portKey));
}

export const portKey = ({ containerPort, protocol }: ContainerPort): string => `${containerPort}/${protocol}`;

/** Of "80", "80/tcp" or "8000-8010/udp", which the edge has checked. */
export function containerPorts(key: string): ContainerPort[] {
  const [ports = "", word = "tcp"] = key.toLowerCase().split("/");
  const protocol = word === "udp" || word === "sctp" ? word : "tcp";
  const [first, last] = range(ports);
  return Array.from({ length: last - first + 1 }, (_, index) => ({ protocol, containerPort: first + index }));
}

function range(text: string): readonly [first: number, last: number] {
  const [first = "0", last = first] = text.split("-");
  return [Number(first), Number(last)];
}

function wants(key: string, { HostIp, HostPort }: PortBinding): PortRequest[] {
  const [ports = ""] = HostPort.split("/");
  const [firstHostPort, lastHostPort] = ports === "" ? [0, 0] : range(ports);
  return containerPorts(key).map((port) => ({ ...port, hostIp: HostIp, firstHostPort, lastHostPort }));
}

const PROTOCOL_ORDER = { tcp: 0, udp: 1, sctp: 2 } as const;
const isRange = ({ firstHostPort, lastHostPort }: PortRequest): number =>
  firstHostPort === 0 || firstHostPort !== lastHostPort ? 1 : 0;

function compare(a: PortRequest, b: PortRequest): number {
  return (
    isRange(a) - isRange(b) ||
    a.containerPort - b.containerPort ||
    PROTOCOL_ORDER[a.protocol] - PROTOCOL_ORDER[b.protocol] ||
    a.firstHostPort - b.firstHostPort ||
    a.lastHostPort - b.lastHostPort ||
    (a.hostIp < b.hostIp ? -1 : 1)
  );
}

/** Differ in their host addresses only, and so are given the same port of the host. */
export function isSamePort(a: PortRequest, b: PortRequest): boolean {
  return (
    a.containerPort === b.containerPort &&
    a.protocol === b.protocol &&
    a.firstHostPort === b.firstHostPort &&
    a.lastHostPort === b.lastHostPort
  );
}
