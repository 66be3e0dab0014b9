/** What Docker carries out and this engine does not yet: refused aloud, since a client that was ignored would go on as if it had it. */
import { invalidParameter, notImplemented } from "../../base/errors.ts";
import type { ContainerConfig } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import { joinedContainer } from "../network-mode.ts";

/** Throws notImplemented for published ports, links, and storage options. `hostConfig` has its defaults. */
export function refuseNotYet(config: ContainerConfig, hostConfig: HostConfig): void {
  const ports = publishedPorts(config, hostConfig);
  if (ports.length > 0) throw notImplemented(`publishing ports is not implemented yet: ${ports.join(", ")}`);
  const links = hostConfig.Links ?? [];
  if (links.length > 0) throw notImplemented(`links are not implemented yet: ${links.join(", ")}`);
  if (Object.keys(hostConfig.StorageOpt ?? {}).length > 0) {
    throw invalidParameter("--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
  }
}

/** On the networks host and none, and on another container's, Docker publishes nothing either. */
function publishedPorts({ ExposedPorts }: ContainerConfig, hostConfig: HostConfig): string[] {
  const { NetworkMode, PortBindings, PublishAllPorts } = hostConfig;
  if (NetworkMode === "host" || NetworkMode === "none" || joinedContainer(NetworkMode) !== undefined) return [];
  const bound = Object.entries(PortBindings).filter(([, hosts]) => (hosts ?? []).length > 0);
  return [...bound.map(([port]) => port), ...(PublishAllPorts ? Object.keys(ExposedPorts ?? {}) : [])];
}
