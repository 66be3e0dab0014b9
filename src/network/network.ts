/**
 * The networks "bridge", "host" and "none". Namespaces are kept as descriptors in warm pools and belong to nobody but
 * their users: when the engine is killed, those that no container uses vanish with it, and so do their veth pairs. The
 * bridge and its firewall stay while containers run, and go with a clean stop without any.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { messageOf, notFound } from "../base/errors.ts";
import { type ContainerId, createId } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import type { EndpointSettings } from "../wire/container.ts";
import type { HostConfig, PortBinding } from "../wire/host-config.ts";
import { Addresses } from "./addresses.ts";
import type { Bridge } from "./bridge.ts";
import { networkIdOf, toBareEndpoint, toBridgeEndpoint } from "./endpoint.ts";
import { openFirewall, removeFirewall } from "./firewall.ts";
import { cidrOf } from "./subnet.ts";
import { WarmPool } from "./warm-pool.ts";
import { NetworkWorker } from "./worker-client.ts";

export interface NetworkDeps {
  /** At most 15 bytes; no other engine's. */
  readonly bridgeName: string;
  /** "172.31.0.0/16", or "172.31.0.1/16" to name the gateway; a free one is chosen when undefined. */
  readonly subnet: string | undefined;
  readonly nftTable: string;
  /** Networks' ids are derived from it. */
  readonly engineId: string;
  /** How many namespaces lie ready when nothing happens, and at most. */
  readonly warm?: { readonly least: number; readonly most: number };
  readonly log: Logger;
}

/** A predefined network, for those who ask what there is. */
export interface NetworkFacts {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly subnet?: string;
  readonly gateway?: string;
  readonly options: Readonly<Record<string, string>>;
}

/** What a container asks of its networks (the engine's ports.ts says more). */
export interface SandboxRequest {
  readonly hostConfig: Pick<HostConfig, "NetworkMode">;
}

interface Connections {
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly ports: Readonly<Record<string, PortBinding[] | null>>;
}

export interface Sandbox extends Connections {
  /** A path that any process of the machine's root can open; undefined is the host's namespace. */
  readonly netnsPath: string | undefined;
  readonly sandboxId: string;
}

/** A namespace on the bridge. */
interface Bridged {
  readonly netns: OwnedFd;
  readonly address: string;
}

interface Use {
  readonly netns?: OwnedFd;
  readonly address?: string;
}

interface Ready {
  readonly bridge: Bridge;
  readonly addresses: Addresses;
  readonly bridged: WarmPool<Bridged>;
}

const DEFAULT_WARM = { least: 4, most: 32 } as const;
const BARE_WARM = { least: 1, most: 8 } as const;
const IP_FORWARD = "/proc/sys/net/ipv4/ip_forward";

type NetworkName = "bridge" | "host" | "none";

/** The network that a mode word names. Throws notFound for anything but bridge (also "default" and ""), host and none. */
function networkOf(mode: string): NetworkName {
  if (mode === "" || mode === "default" || mode === "bridge") return "bridge";
  if (mode === "host" || mode === "none") return mode;
  throw notFound(`network ${mode} not found`);
}

export class ContainerNetwork {
  readonly #deps: NetworkDeps;
  readonly #worker = new NetworkWorker();
  readonly #bare: WarmPool<OwnedFd>;
  readonly #uses = new Map<ContainerId, Use>();
  readonly #networkIds: Readonly<Record<NetworkName, string>>;
  #ready: Promise<Ready> | undefined;
  #gateway = "";
  #subnet = "";

  constructor(deps: NetworkDeps) {
    const idOf = (name: NetworkName): string => networkIdOf(deps.engineId, name);
    this.#deps = deps;
    this.#networkIds = { bridge: idOf("bridge"), host: idOf("host"), none: idOf("none") };
    this.#bare = new WarmPool({
      ...BARE_WARM,
      make: () => this.#worker.createBare(),
      discard: (netns) => netns.close(),
      onFailure: this.#onRefillFailure,
    });
  }

  /** The host's address on the bridge, what `host-gateway` stands for; "" before start(). */
  get gateway(): string {
    return this.#gateway;
  }

  /** What the three predefined networks are; the bridge's subnet is known from start() on. */
  facts(): NetworkFacts[] {
    const { bridgeName, engineId } = this.#deps;
    const bare = (name: string, driver: string): NetworkFacts => ({
      id: networkIdOf(engineId, name),
      name,
      driver,
      options: {},
    });
    const addressing = this.#subnet === "" ? {} : { subnet: this.#subnet, gateway: this.#gateway };
    const options = {
      "com.docker.network.bridge.name": bridgeName,
      "com.docker.network.bridge.default_bridge": "true",
    };
    return [{ ...bare("bridge", "bridge"), ...addressing, options }, bare("host", "host"), bare("none", "null")];
  }

  /** A namespace for the container, nearly always a ready one. Its address stays taken until release(). */
  async acquire(id: ContainerId, { hostConfig }: SandboxRequest): Promise<Sandbox> {
    const name = networkOf(hostConfig.NetworkMode);
    this.release(id);
    if (name === "bridge") return this.#acquireBridged(id);
    // Right after the start, so that `host-gateway` means something to a container on any network.
    if (this.#gateway === "") await this.#ready?.catch(() => undefined);
    const endpoints = { [name]: toBareEndpoint(this.#networkIds[name]) };
    if (name === "host") return { netnsPath: undefined, endpoints, ports: {}, sandboxId: createId() };
    const netns = await this.#bare.take();
    this.#uses.set(id, { netns });
    return { netnsPath: pathOf(netns), endpoints, ports: {}, sandboxId: createId() };
  }

  /** The container's process holds the namespace from now on. */
  handedOver(id: ContainerId): void {
    this.#uses.get(id)?.netns?.close();
  }

  /** Gives the container's address and namespace back. Idempotent. */
  release(id: ContainerId): void {
    const use = this.#uses.get(id);
    if (use === undefined) return;
    this.#uses.delete(id);
    use.netns?.close();
    const { address } = use;
    if (address !== undefined) void this.#ready?.then(({ addresses }) => addresses.release(address));
  }

  /** After a restart of the engine and before start(): this container runs with these endpoints. */
  adopt(id: ContainerId, { endpoints }: Connections): void {
    const address = endpoints["bridge"]?.IPAddress;
    if (address === undefined || address === "") return;
    this.#uses.set(id, { address });
    void this.#ready?.then(({ addresses }) => addresses.adopt(address));
  }

  /** Makes the bridge and its firewall, or finds them again, and begins to fill the pools. */
  async start(): Promise<void> {
    const { bridged } = await this.#setUp();
    void bridged.fill();
    void this.#bare.fill();
  }

  /** Lets go of what lies ready. When it was started and no container is on the bridge, nothing is left on the machine. */
  async stop(): Promise<void> {
    const inUse = [...this.#uses.values()].some(({ address }) => address !== undefined);
    if (this.#ready !== undefined && !inUse) return this.destroy();
    await this.#closePools();
    await this.#worker.stop();
  }

  /** Removes the bridge with everything on it, and the firewall, whoever made them. Idempotent. */
  async destroy(): Promise<void> {
    const { bridgeName, nftTable } = this.#deps;
    await this.#closePools();
    for (const id of this.#uses.keys()) this.release(id);
    await Promise.all([this.#deleteBridge(), removeFirewall({ table: nftTable, bridge: bridgeName })]);
  }

  async #deleteBridge(): Promise<void> {
    try {
      await this.#worker.deleteBridge(this.#deps.bridgeName);
    } finally {
      await this.#worker.stop();
    }
  }

  readonly #onRefillFailure = (error: unknown): void => {
    this.#deps.log.warn("network.refill.failed", { error: messageOf(error) });
  };

  async #acquireBridged(id: ContainerId): Promise<Sandbox> {
    const { bridge, bridged } = await this.#setUp();
    const { netns, address } = await bridged.take();
    this.#uses.set(id, { netns, address });
    return {
      netnsPath: pathOf(netns),
      endpoints: { bridge: toBridgeEndpoint(this.#networkIds.bridge, bridge.gateway, address) },
      ports: {},
      sandboxId: createId(),
    };
  }

  /** Once; a failure is told to everyone who needs the bridge, and the next one tries again. */
  #setUp(): Promise<Ready> {
    this.#ready ??= this.#open().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #open(): Promise<Ready> {
    const { bridgeName, subnet, nftTable, log } = this.#deps;
    enableForwarding(log);
    const bridge = await this.#worker.ensureBridge(bridgeName, subnet);
    const cidr = cidrOf(bridge.gateway.subnet);
    const besideDocker = await openFirewall({ table: nftTable, bridge: bridgeName }, cidr);
    log.info("network.ready", { bridge: bridgeName, subnet: cidr, besideDocker });
    this.#gateway = bridge.gateway.address;
    this.#subnet = cidr;
    const addresses = new Addresses(bridge.gateway);
    for (const { address } of this.#uses.values()) if (address !== undefined) addresses.adopt(address);
    return { bridge, addresses, bridged: this.#createPool(bridge, addresses) };
  }

  #createPool(bridge: Bridge, addresses: Addresses): WarmPool<Bridged> {
    return new WarmPool({
      ...(this.#deps.warm ?? DEFAULT_WARM),
      make: async () => {
        const address = addresses.take();
        try {
          return { netns: await this.#worker.createBridged(bridge, address), address };
        } catch (error) {
          addresses.release(address);
          throw error;
        }
      },
      discard: ({ netns, address }) => {
        netns.close();
        addresses.release(address);
      },
      onFailure: this.#onRefillFailure,
    });
  }

  async #closePools(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    await Promise.all([this.#bare.close(), ready?.then(({ bridged }) => bridged.close()).catch(() => undefined)]);
  }
}

const pathOf = (netns: OwnedFd): string => `/proc/${process.pid}/fd/${netns.fd}`;

/** Nothing leaves the bridge while the kernel does not forward. */
function enableForwarding(log: Logger): void {
  if (readFileSync(IP_FORWARD, "utf8").trim() === "1") return;
  writeFileSync(IP_FORWARD, "1");
  log.info("network.forwarding.enabled", { sysctl: "net.ipv4.ip_forward=1" });
}

export function createNetwork(deps: NetworkDeps): ContainerNetwork {
  return new ContainerNetwork(deps);
}
