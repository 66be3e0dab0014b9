/** Exposed and published ports (go-connections/nat as moby v28 uses it). */

import { type EngineError, invalidParameter } from "../../base/errors.ts";
import { isIP } from "../../base/ip.ts";
import type { HostConfig } from "../host-config.ts";

const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;
const MAX_PORT = 65535;
const PROTOCOLS = new Set(["tcp", "udp", "sctp"]);

export function checkPortBindings(bindings: HostConfig["PortBindings"]): void {
  for (const [key, hosts] of Object.entries(bindings ?? {})) {
    checkPort(key);
    for (const { HostIp, HostPort } of hosts ?? []) {
      if (HostPort !== "") parseRange(HostPort);
      if (HostIp !== "" && !isIP(HostIp))
        throw invalidParameter(`invalid IP address in port binding: ${JSON.stringify(HostIp)}`);
    }
  }
}

/** "80", "80/tcp", "8000-8010/udp"; the protocol is tcp when it is left out. */
export function checkPort(spec: string): void {
  const [range = "", protocol = "tcp", ...rest] = spec.split("/");
  if (rest.length > 0 || !PROTOCOLS.has(protocol.toLowerCase())) throw invalidPort(spec);
  parseRange(range);
}

function parseRange(range: string): void {
  const match = RANGE.exec(range);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? first);
  if (match === null || first > last || last > MAX_PORT) throw invalidPort(range);
}

function invalidPort(spec: string): EngineError {
  return invalidParameter(`invalid port specification: ${JSON.stringify(spec)}`);
}
