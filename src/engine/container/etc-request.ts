/** What a container's /etc/hosts, /etc/resolv.conf and /etc/hostname are made of. */
import type { EngineContext } from "../context.ts";
import { linkLines } from "../network/links.ts";
import type { EtcRequest } from "../ports.ts";
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
