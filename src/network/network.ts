/**
 * The networks of one engine and what its containers have of them. Namespaces are kept as descriptors in warm pools and belong to nobody
 * but their users: when the engine is killed, those that no container uses vanish with it, and so do their veth pairs. Bridges and the
 * firewall stay while containers run, and go with a clean stop without any.
 */
import { messageOf } from "../base/errors.ts";
import type { ContainerId } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import type { NetworkRecord } from "../state/network-record.ts";
import type { NetworkRows } from "../state/network-rows.ts";
import type { EndpointSettings } from "../wire/container.ts";
import type { NetworkCreateRequest } from "../wire/network.ts";
import type { ContainerDns } from "./container-dns.ts";
import { ContainerNames } from "./container-names.ts";
import { LinkRemover } from "./device/remover.ts";
import { NetworkWorker } from "./device/worker-client.ts";
import type { Resolver } from "./dns/types.ts";
import type { Options } from "./drivers/options.ts";
import { Firewall } from "./firewall/firewall.ts";
import { forwardIPv4, forwardIPv6 } from "./forwarding.ts";
import type { SubnetPool } from "./ipam/subnet-pools.ts";
import { Networks } from "./networks.ts";
import { PublishedPorts } from "./ports/ports.ts";
import type { Relay } from "./ports/relay.ts";
import type { DefaultBridge } from "./predefined.ts";
import { Sandboxes } from "./sandboxes.ts";
import { removeStrays } from "./strays.ts";
import type { Connections, Sandbox, SandboxRequest } from "./use.ts";
import { WarmPool } from "./warm-pool.ts";

export interface NetworkDeps {
  readonly bridge: DefaultBridge;
  /** Where subnets come from that nobody named. */
  readonly pools: readonly SubnetPool[];
  /** By driver: options for new networks that do not have them. */
  readonly defaultOptions: Readonly<Record<string, Options>>;
  /** Of the firewall's table; no other engine's. */
  readonly nftTable: string;
  /** Networks' ids are derived from it. */
  readonly engineId: string;
  readonly rows: NetworkRows;
  readonly resolver: Resolver;
  readonly relay: Relay;
  readonly dns: ContainerDns;
  /** How many namespaces on the default bridge lie ready when nothing happens, and at most. */
  readonly warm?: { readonly least: number; readonly most: number };
  readonly log: Logger;
}

const DEFAULT_WARM = { least: 4, most: 32 } as const;
const BARE_WARM = { least: 1, most: 8 } as const;

export class ContainerNetwork {
  readonly #deps: NetworkDeps;
  readonly #worker = new NetworkWorker();
  readonly #remover = new LinkRemover(this.#worker);
  readonly #firewall: Firewall;
  readonly #networks: Networks;
  readonly #ports: PublishedPorts;
  readonly #sandboxes: Sandboxes;
  readonly #bare: WarmPool<OwnedFd>;
  #opened: Promise<void> | undefined;

  constructor(deps: NetworkDeps) {
    const { nftTable, log, warm = DEFAULT_WARM, resolver, relay, dns } = deps;
    this.#deps = deps;
    this.#firewall = new Firewall({ name: nftTable, log });
    this.#networks = new Networks({
      ...deps,
      warm,
      worker: this.#worker,
      remover: this.#remover,
      firewall: this.#firewall,
    });
    this.#bare = new WarmPool({
      ...BARE_WARM,
      make: () => this.#worker.createNamespace({ interfaces: [], routes: {} }),
      discard: (netns) => netns.close(),
      onFailure: (error) => log.warn("network.refill.failed", { error: messageOf(error) }),
    });
    this.#ports = new PublishedPorts({
      firewall: this.#firewall,
      relay,
      redirect: (ports) => {
        this.#worker.forgetFlows(ports).catch((error: unknown) => log.warn("flows.stale", { error: messageOf(error) }));
      },
    });
    this.#sandboxes = new Sandboxes({
      networks: this.#networks,
      worker: this.#worker,
      ports: this.#ports,
      bare: this.#bare,
      names: new ContainerNames({ networks: this.#networks, resolver, dns }),
    });
  }

  /** The host's address on the default bridge, what `host-gateway` stands for; "" before start(). */
  get gateway(): string {
    return this.#networks.defaultBridge?.record.subnets[0]?.gateway ?? "";
  }

  /** The predefined ones first; the default bridge's subnet is known from start() on. */
  list(): NetworkRecord[] {
    return this.#networks.all();
  }

  /** By name, id or unambiguous id prefix. Throws notFound. */
  find(ref: string): NetworkRecord {
    return this.#networks.find(ref);
  }

  isPredefined(record: NetworkRecord): boolean {
    return this.#networks.isPredefined(record);
  }

  /** A running container is on it. */
  isInUse({ id }: NetworkRecord): boolean {
    return this.#networks.allLive.some(({ record, users }) => record.id === id && users.size > 0);
  }

  /** What speaks against these settings on this network; nothing for one that containers cannot be on. */
  problems({ id }: NetworkRecord, settings: EndpointSettings): string[] {
    return this.#networks.allLive.find(({ record }) => record.id === id)?.problems(settings) ?? [];
  }

  async create(request: NetworkCreateRequest): Promise<NetworkRecord> {
    await this.#open();
    const record = await this.#networks.create(request);
    if (record.enableIPv6) forwardIPv6(this.#deps.log);
    return record;
  }

  async remove(record: NetworkRecord): Promise<void> {
    await this.#open();
    await this.#networks.remove(record);
  }

  /** A namespace for the container, nearly always a ready one. Its addresses stay taken until release(). */
  async acquire(id: ContainerId, request: SandboxRequest): Promise<Sandbox> {
    const isOnNetwork = Object.keys(request.endpoints).some((name) => name !== "host" && name !== "none");
    if (isOnNetwork) await this.#open();
    // So that `host-gateway` means something to a container on any network.
    else await this.#opened?.catch(() => undefined);
    return this.#sandboxes.acquire(id, request);
  }

  /** The container's process holds the namespace from now on. */
  handedOver(id: ContainerId, pid: number): void {
    this.#sandboxes.handedOver(id, pid);
  }

  /** Gives everything of the container back. Idempotent. */
  release(id: ContainerId): void {
    this.#sandboxes.release(id);
  }

  /** Puts a running container on one more network. */
  async connect(id: ContainerId, network: string, settings: EndpointSettings): Promise<Connections> {
    await this.#open();
    const live = this.#networks.live(this.#networks.find(settings.NetworkID || network));
    await live.open();
    return this.#sandboxes.connect(id, live, settings);
  }

  /** Takes a running container off the network of this name, which it is on. */
  async disconnect(id: ContainerId, network: string): Promise<Connections> {
    await this.#open();
    return this.#sandboxes.disconnect(id, network);
  }

  /** A running container is known by another name from now on. */
  rename(id: ContainerId, name: string): Connections["endpoints"] {
    return this.#sandboxes.rename(id, name);
  }

  /** After a restart of the engine and before start(): this container runs with these endpoints. */
  adopt(id: ContainerId, adopted: Connections & { readonly request: SandboxRequest }): void {
    this.#sandboxes.adopt(id, adopted.request, adopted);
  }

  /** Makes the networks and the firewall, or finds them again, and begins to fill the pools. */
  async start(): Promise<void> {
    await this.#open();
    this.#networks.defaultBridge?.fill();
    void this.#bare.fill();
    await Promise.all([this.#deps.resolver.start(), this.#deps.relay.start()]);
  }

  /** Lets go of what lies ready. When no container is on any network, nothing is left on the machine. */
  async stop(): Promise<void> {
    await this.#opened?.catch(() => undefined);
    if (this.#opened !== undefined && this.#networks.allLive.every(({ users }) => users.size === 0)) {
      return this.destroy();
    }
    await Promise.all([this.#closeHelpers(), this.#bare.close(), this.#networks.close("unused")]);
    this.#firewall.stop();
    await this.#stopThreads();
  }

  /** Removes from this machine every network with everything on it, and the firewall, whoever made them. */
  async destroy(): Promise<void> {
    try {
      await Promise.all([this.#closeHelpers(), this.#bare.close(), this.#networks.close("all")]);
      this.#firewall.destroy();
    } finally {
      await this.#stopThreads();
    }
  }

  async #stopThreads(): Promise<void> {
    await this.#remover.stop();
    await this.#worker.stop();
  }

  /** Their processes go on while they have something to do. */
  async #closeHelpers(): Promise<void> {
    await Promise.all([this.#deps.resolver.stop(), this.#deps.relay.stop()]);
  }

  /** Once; a failure is told to everyone who needs a network, and the next one tries again. */
  #open(): Promise<void> {
    this.#opened ??= this.#openAll().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #openAll(): Promise<void> {
    const { log, bridge } = this.#deps;
    forwardIPv4(log);
    if (this.#networks.all().some(({ enableIPv6 }) => enableIPv6) || bridge.ipv6) forwardIPv6(log);
    await this.#networks.open();
    this.#sandboxes.settleAdopted();
    void removeStrays(this.#networks.allLive, {
      worker: this.#worker,
      remover: this.#remover,
      alias: this.#networks.aliasOf(""),
      log,
    });
    const policies = this.#networks.allLive.flatMap(({ device }) => device.policy ?? []);
    this.#firewall.open(policies, this.#ports.all());
    const subnets = this.#networks.defaultBridge?.record.subnets.map(({ cidr }) => cidr) ?? [];
    log.info("network.ready", { bridge: bridge.name, subnets, networks: this.#networks.all().length });
  }
}

export function createNetwork(deps: NetworkDeps): ContainerNetwork {
  return new ContainerNetwork(deps);
}
