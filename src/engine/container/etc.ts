/** A container's /etc/hosts, /etc/resolv.conf and /etc/hostname: what they are made of, and whose they are. */
import type { ContainerId } from "../../base/ids.ts";
import type { EngineContext } from "../context.ts";
import { linkLines } from "../network/links.ts";
import { joinedContainer } from "../network-mode.ts";
import type { EtcPaths, EtcRequest } from "../ports.ts";
import type { Container } from "./container.ts";

export function toEtcRequest(
  ctx: EngineContext,
  container: Container,
  endpoints: EtcRequest["endpoints"] = container.state.endpoints,
): EtcRequest {
  const { config, hostConfig } = container.spec;
  return {
    hostname: config.Hostname,
    domainname: config.Domainname,
    hostConfig,
    endpoints,
    links: linkLines(ctx, container),
  };
}

/** For a run: written anew, or those of the container whose network it is on, together with that one's names. */
export function prepareEtc(ctx: EngineContext, container: Container, endpoints: EtcRequest["endpoints"]): EtcPaths {
  const owner = ownerOf(ctx, container);
  if (owner !== container) {
    const { Hostname, Domainname } = owner.spec.config;
    container.updateSpec({ config: { ...container.spec.config, Hostname, Domainname } });
    return etcPaths(ctx, container);
  }
  return ctx.etcFiles.write(ctx.paths.container(container.id), toEtcRequest(ctx, container, endpoints));
}

export function etcPaths(ctx: EngineContext, container: Container): EtcPaths {
  return ctx.etcFiles.pathsIn(ctx.paths.container(ownerOf(ctx, container).id));
}

/** Who shares a network shares these files; one whose owner is gone has its own. */
function ownerOf(ctx: EngineContext, container: Container): Container {
  const joined = joinedContainer(container.spec.hostConfig.NetworkMode);
  const peer = joined === undefined ? undefined : ctx.registry.byId(joined as ContainerId);
  return peer === undefined ? container : ownerOf(ctx, peer);
}
