/** What a container's connection to a network shows, in Docker's shape. Pure. */
import { createHash } from "node:crypto";
import { createId } from "../base/ids.ts";
import type { EndpointSettings } from "../wire/container.ts";
import { emptyEndpoint } from "../wire/empty.ts";
import { macOf } from "./addresses.ts";
import type { Gateway } from "./subnet.ts";

/** A network's id: the same for one engine for ever, and no other engine's. */
export function networkIdOf(engineId: string, name: string): string {
  return createHash("sha256").update(`${engineId} network ${name}`).digest("hex");
}

/** A connection without an address, as the networks "host" and "none" give it. */
export function toBareEndpoint(networkId: string): EndpointSettings {
  return { ...emptyEndpoint(), NetworkID: networkId, EndpointID: createId() };
}

export function toBridgeEndpoint(
  networkId: string,
  { subnet, address: gateway }: Gateway,
  address: string,
): EndpointSettings {
  return {
    ...toBareEndpoint(networkId),
    MacAddress: macOf(address),
    Gateway: gateway,
    IPAddress: address,
    IPPrefixLen: subnet.prefixLength,
  };
}
