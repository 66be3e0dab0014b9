/** Network mode, what it excludes, and names and addresses that end in /etc/hosts and /etc/resolv.conf (moby v28 runconfig, opts, daemon). */

import { invalidParameter } from "../../base/errors.ts";
import { isIP } from "../../base/ip.ts";
import type { ContainerConfig, ContainerCreateRequest } from "../container.ts";
import type { HostConfig } from "../host-config.ts";
import { isMac } from "./endpoint.ts";

/** A resolver's word: no space, no control character. */
const RESOLVER_WORD = /^[!-~]+$/;

/** Returns warnings. */
export function checkNetwork({ config, hostConfig, networkingConfig }: ContainerCreateRequest): string[] {
  const mode = hostConfig.NetworkMode;
  checkConflicts(config, hostConfig);
  checkNames(hostConfig);
  for (const [network, { MacAddress }] of Object.entries(networkingConfig.EndpointsConfig)) {
    if (MacAddress !== "") checkMac(network, MacAddress);
  }
  if (config.MacAddress) checkMac(mode || "bridge", config.MacAddress);
  const isPublishing = Object.keys(hostConfig.PortBindings ?? {}).length > 0;
  return mode === "host" && isPublishing ? ["Published ports are discarded when using host network mode"] : [];
}

function checkConflicts(config: ContainerConfig, host: HostConfig): void {
  const mode = host.NetworkMode;
  const hasLinks = (host.Links ?? []).length > 0;
  if (mode.startsWith("container:")) checkJoined(config, host);
  if (host.UTSMode === "host" && config.Hostname !== "") throw conflicting("hostname and the UTS mode");
  if (mode === "host" && hasLinks) {
    throw conflicting("host type networking can't be used with links. This would result in undefined behavior");
  }
}

function checkJoined(config: ContainerConfig, host: HostConfig): void {
  if (host.NetworkMode === "container:") {
    throw invalidParameter("invalid network mode: invalid container format container:<name|id>");
  }
  if (config.Hostname !== "") throw conflicting("hostname and the network mode");
  if ((host.Links ?? []).length > 0) {
    throw conflicting("container type network can't be used with links. This would result in undefined behavior");
  }
  if ((host.Dns ?? []).length > 0) throw conflicting("dns and the network mode");
  if ((host.ExtraHosts ?? []).length > 0) throw conflicting("custom host-to-IP mapping and the network mode");
  if (Object.keys(host.PortBindings ?? {}).length > 0 || host.PublishAllPorts) {
    throw conflicting("port publishing and the container type network mode");
  }
  if (Object.keys(config.ExposedPorts ?? {}).length > 0) {
    throw conflicting("port exposing and the container type network mode");
  }
}

function conflicting(what: string): Error {
  return invalidParameter(`conflicting options: ${what}`);
}

function checkNames(host: HostConfig): void {
  for (const entry of host.ExtraHosts ?? []) checkExtraHost(entry);
  for (const domain of host.DnsSearch ?? []) {
    if (!RESOLVER_WORD.test(domain)) throw invalidParameter(`invalid domain: ${domain}`);
  }
  for (const option of host.DnsOptions ?? []) {
    if (!RESOLVER_WORD.test(option)) throw invalidParameter(`invalid DNS option: ${option}`);
  }
}

/** "host:address"; "host-gateway" stands for the host's own. */
function checkExtraHost(entry: string): void {
  const [, name = "", address = ""] = /^([^:\s]+):(.*)$/s.exec(entry) ?? [];
  if (name === "") throw invalidParameter(`bad format for add-host: ${JSON.stringify(entry)}`);
  if (address !== "host-gateway" && !isIP(address)) {
    throw invalidParameter(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  }
}

function checkMac(network: string, mac: string): void {
  if (!isMac(mac)) throw invalidParameter(`invalid config for network ${network}: invalid MAC address ${mac}`);
}
