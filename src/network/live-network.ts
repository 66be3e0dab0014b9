/** A network that containers can be put on: its record, what it has on this host, who is on it, and which addresses are taken. */
import { forbidden, invalidParameter, systemError } from "../base/errors.ts";
import { type ContainerId, createId } from "../base/ids.ts";
import { contains, type Family, toPrefix } from "../base/ip-prefix.ts";
import type { OwnedFd } from "../kernel/fd.ts";
import type { NetworkRecord, SubnetRecord } from "../state/network-record.ts";
import type { EndpointSettings } from "../wire/container.ts";
import { emptyEndpoint } from "../wire/empty.ts";
import { listProblems } from "../wire/validate/problems.ts";
import type { LinkRemover } from "./device/remover.ts";
import type { NetworkWorker } from "./device/worker-client.ts";
import type { Device } from "./drivers/device.ts";
import {
  type Connected,
  type Endpoint,
  type Lease,
  type LeasedAddress,
  macFor,
  toInterface,
  toRoutes,
} from "./endpoint.ts";
import { AddressPool } from "./ipam/address-pool.ts";
import { WarmPool } from "./warm-pool.ts";

const LEAVING_MS = 200;

export interface LiveNetworkDeps {
  readonly worker: NetworkWorker;
  readonly remover: LinkRemover;
  /**
   * Interfaces are deleted before their addresses are given again, so that the lowest can be: a container that starts again keeps its own.
   * Otherwise they go when the kernel comes round to it, and addresses rest.
   */
  readonly givesUp: boolean;
  /** How many namespaces lie ready when nothing happens, and at most. */
  readonly warm: { readonly least: number; readonly most: number };
  readonly onFailure: (error: unknown) => void;
}

/** A namespace that is on the network already. */
export interface Spare {
  readonly netns: OwnedFd;
  readonly endpoint: Endpoint;
}

/** Who is on the network. */
export interface User {
  readonly name: string;
  readonly endpointId: string;
}

/** Gives up one that lies ready and fits, for its address. False when none does. */
type GiveUp = (fits: (spare: Spare) => boolean) => boolean;

interface Subnet {
  readonly record: SubnetRecord;
  readonly family: Family;
  readonly prefixLength: number;
  readonly pool: AddressPool;
}

export class LiveNetwork {
  readonly record: NetworkRecord;
  readonly device: Device;
  readonly users = new Map<ContainerId, User>();
  readonly #deps: LiveNetworkDeps;
  readonly #subnets: readonly Subnet[];
  readonly #leaving = new Set<Promise<void>>();
  #spares: WarmPool<Spare> | undefined;
  #opened: Promise<void> | undefined;

  constructor(record: NetworkRecord, device: Device, deps: LiveNetworkDeps) {
    this.record = record;
    this.device = device;
    this.#deps = deps;
    this.#subnets = record.subnets.map((subnet) => toSubnet(subnet, !deps.givesUp));
  }

  /** Once; a failure is told to everyone who needs the network, and the next one tries again. */
  open(): Promise<void> {
    this.#opened ??= this.device.open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  /** Its device was opened by someone else. */
  isOpen(): void {
    this.#opened = Promise.resolve();
  }

  /** Fills the pool up to what lies ready when nothing happens. */
  fill(): void {
    if (this.#deps.warm.least > 0) void this.#pool.fill();
  }

  /** Discards what lies ready; resolves when nothing is being made or leaves any more. */
  async closeSpares(): Promise<void> {
    await this.#spares?.close();
    this.#spares = undefined;
    await this.whenLeft();
  }

  /** True when a namespace that was made for nobody in particular does for this one. */
  suits({ IPAMConfig, MacAddress, DriverOpts }: EndpointSettings): boolean {
    const { IPv4Address = "", IPv6Address = "", LinkLocalIPs } = IPAMConfig ?? {};
    const isPlain = MacAddress === "" && Object.keys(DriverOpts ?? {}).length === 0;
    const isFree = IPv4Address === "" && IPv6Address === "" && (LinkLocalIPs ?? []).length === 0;
    return this.record.driver === "bridge" && isPlain && isFree;
  }

  /** One that lies ready, or the next to be made. */
  takeSpare(): Spare | Promise<Spare> {
    return this.#pool.take();
  }

  /**
   * A new endpoint with addresses of its own, the lowest that are free, as Docker gives them: those who are about to leave are waited for,
   * though not long, as the kernel takes its time when many leave. Throws when they are taken, or none is left.
   */
  async createEndpoint(wanted: EndpointSettings): Promise<Endpoint> {
    const giveUp: GiveUp = (fits) => this.#spares?.drop(fits) === true;
    await this.#untilLeft();
    try {
      return this.#createEndpoint(wanted, giveUp);
    } catch (error) {
      if (!(await this.whenLeft())) throw error;
      return this.#createEndpoint(wanted, giveUp);
    }
  }

  #createEndpoint(wanted: EndpointSettings, giveUp: GiveUp): Endpoint {
    const lease = this.#lease(wanted, giveUp);
    const mac = this.device.sharesMac ? undefined : macFor(this.record.id, lease, wanted);
    return { id: createId(), lease, mac, wanted };
  }

  /** The endpoint's interface and its addresses go; resolves (never rejects) when others can have them. */
  leave(endpoint: Endpoint): Promise<void> {
    const plan = this.device.link(endpoint.id);
    if (!this.#deps.givesUp || plan.kind !== "bridge") {
      this.releaseEndpoint(endpoint);
      return Promise.resolve();
    }
    const left = this.#deps.remover
      .deletePair(plan.hostName)
      .catch((error: unknown) => this.#deps.onFailure(error))
      .then(() => {
        this.#leaving.delete(left);
        this.releaseEndpoint(endpoint);
      });
    this.#leaving.add(left);
    return left;
  }

  async #untilLeft(): Promise<void> {
    if (this.#leaving.size > 0) await Promise.race([this.whenLeft(), Bun.sleep(LEAVING_MS)]);
  }

  /** False when nobody is about to leave; otherwise true, once they have. */
  async whenLeft(): Promise<boolean> {
    if (this.#leaving.size === 0) return false;
    await Promise.all(this.#leaving);
    return true;
  }

  /** Gives the endpoint's addresses back. Idempotent. */
  releaseEndpoint({ lease }: Pick<Endpoint, "lease">): void {
    for (const leased of [lease.ipv4, lease.ipv6]) {
      if (leased !== undefined) this.#subnetOf(leased.address)?.pool.release(leased.address);
    }
  }

  /** After a restart: these addresses are taken. */
  adopt({ ipv4, ipv6 }: Lease): void {
    for (const leased of [ipv4, ipv6]) {
      if (leased !== undefined) this.#subnetOf(leased.address)?.pool.adopt(leased.address);
    }
  }

  /** What speaks against these settings on this network, in moby's words (api/types/network/endpoint.go, IsInRange). */
  problems({ IPAMConfig }: EndpointSettings): string[] {
    const { IPv4Address = "", IPv6Address = "" } = IPAMConfig ?? {};
    return [...this.#rangeProblems(IPv4Address, 4), ...this.#rangeProblems(IPv6Address, 6)];
  }

  connected(endpoint: Endpoint): Connected {
    const { name, internal } = this.record;
    return { network: name, internal, routed: this.device.routed, endpoint };
  }

  #rangeProblems(address: string, family: Family): string[] {
    if (address === "") return [];
    const configured = this.#subnets.filter((subnet) => subnet.family === family && subnet.record.configured);
    if (configured.length === 0) {
      return ["user specified IP address is supported only when connecting to networks with user configured subnets"];
    }
    if (configured.some(({ pool }) => contains(pool.subnet, address))) return [];
    return [`no configured subnet or ip-range contain the IP address ${address}`];
  }

  #lease(wanted: EndpointSettings, giveUp: GiveUp): Lease {
    const problems = this.problems(wanted);
    if (problems.length > 0) throw invalidParameter(`invalid endpoint settings:\n${listProblems(problems)}`);
    const { IPv4Address = "", IPv6Address = "" } = wanted.IPAMConfig ?? {};
    const ipv4 = this.#leaseOne(4, IPv4Address, giveUp);
    try {
      const ipv6 = this.#leaseOne(6, IPv6Address, giveUp);
      return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
    } catch (error) {
      if (ipv4 !== undefined) this.releaseEndpoint({ lease: { ipv4 } });
      throw error;
    }
  }

  #leaseOne(family: Family, wanted: string, giveUp: GiveUp): LeasedAddress | undefined {
    const subnets = this.#subnets.filter((subnet) => subnet.family === family);
    if (subnets.length === 0) return undefined;
    const address = wanted === "" ? takeAny(subnets, giveUp) : this.#takeThis(wanted, giveUp);
    if (address === undefined) {
      const { name, id } = this.record;
      throw systemError(`no available IPv${family} addresses on this network's address pools: ${name} (${id})`);
    }
    const subnet = this.#subnetOf(address);
    return { address, prefixLength: subnet?.prefixLength ?? 0, gateway: this.#gatewayOf(subnet) };
  }

  #takeThis(address: string, giveUp: GiveUp): string {
    const pool = this.#subnetOf(address)?.pool;
    const hasIt = ({ endpoint: { lease } }: Spare): boolean =>
      lease.ipv4?.address === address || lease.ipv6?.address === address;
    if (pool?.takeThis(address) === true) return address;
    if (giveUp(hasIt) && pool?.takeThis(address) === true) return address;
    throw forbidden("Address already in use");
  }

  #gatewayOf(subnet: Subnet | undefined): string | undefined {
    return this.record.internal ? undefined : subnet?.record.gateway;
  }

  #subnetOf(address: string): Subnet | undefined {
    return this.#subnets.find(({ pool }) => contains(pool.subnet, address));
  }

  get #pool(): WarmPool<Spare> {
    this.#spares ??= new WarmPool({
      ...this.#deps.warm,
      make: () => this.#makeSpare(),
      discard: ({ netns, endpoint }) => {
        netns.close();
        void this.leave(endpoint);
      },
      onFailure: this.#deps.onFailure,
    });
    return this.#spares;
  }

  async #makeSpare(): Promise<Spare> {
    await this.#untilLeft();
    // For one that only lies ready no other is given up.
    const endpoint = this.#createEndpoint(emptyEndpoint(), () => false);
    try {
      const plan = { interfaces: [toInterface(endpoint, this.device)], routes: toRoutes([this.connected(endpoint)]) };
      return { netns: await this.#deps.worker.createNamespace(plan), endpoint };
    } catch (error) {
      this.releaseEndpoint(endpoint);
      throw error;
    }
  }
}

/** When all are taken, one that only lies ready is given up. */
function takeAny(subnets: readonly Subnet[], giveUp: GiveUp): string | undefined {
  const take = (): string | undefined => {
    for (const { pool } of subnets) {
      const address = pool.take();
      if (address !== undefined) return address;
    }
    return undefined;
  };
  return take() ?? (giveUp(() => true) ? take() : undefined);
}

function toSubnet(record: SubnetRecord, rests: boolean): Subnet {
  const subnet = toPrefix(record.cidr);
  const reserved = [...record.reserved, ...(record.gateway === undefined ? [] : [record.gateway])];
  const range = record.range === undefined ? undefined : toPrefix(record.range);
  const pool = new AddressPool({ subnet, range, reserved, rests });
  return { record, family: subnet.family, prefixLength: subnet.length, pool };
}
