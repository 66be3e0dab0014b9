/** All networks of the engine: the three predefined ones and those that users have made. A record is written before anything of its network is made, and deleted once nothing of it is left. */
import { nowRfc3339 } from "../base/clock.ts";
import { forbidden, invalidParameter, messageOf, notFound } from "../base/errors.ts";
import { createId } from "../base/ids.ts";
import { KeyedLocks } from "../base/locks.ts";
import type { Logger } from "../base/log.ts";
import type { NetworkRecord } from "../state/network-record.ts";
import type { NetworkRows } from "../state/network-rows.ts";
import type { NetworkCreateRequest } from "../wire/network.ts";
import { type Draft, draftNetwork, hasGateway, type Surroundings } from "./creation.ts";
import { openDefaultBridge } from "./default-bridge.ts";
import type { LinkRemover } from "./device/remover.ts";
import type { NetworkWorker } from "./device/worker-client.ts";
import { BridgeDevice } from "./drivers/bridge.ts";
import type { Device } from "./drivers/device.ts";
import { createIpvlanDevice } from "./drivers/ipvlan.ts";
import { createMacvlanDevice } from "./drivers/macvlan.ts";
import type { Firewall } from "./firewall/firewall.ts";
import { chooseSubnets } from "./ipam/choose.ts";
import type { SubnetPool } from "./ipam/subnet-pools.ts";
import { LiveNetwork } from "./live-network.ts";
import { type DefaultBridge, predefinedNetwork } from "./predefined.ts";

export interface NetworksDeps {
  readonly rows: NetworkRows;
  readonly worker: NetworkWorker;
  readonly remover: LinkRemover;
  readonly firewall: Firewall;
  readonly pools: readonly SubnetPool[];
  readonly defaultOptions: Surroundings["defaultOptions"];
  readonly bridge: DefaultBridge;
  readonly engineId: string;
  /** Of the default bridge's warm namespaces. */
  readonly warm: { readonly least: number; readonly most: number };
  readonly log: Logger;
}

/** None lies ready on a network that is not used heavily. */
const USER_WARM = { least: 0, most: 16 } as const;
const CREATION = "creation";

export class Networks {
  readonly #deps: NetworksDeps;
  readonly #locks = new KeyedLocks();
  readonly #users = new Map<string, NetworkRecord>();
  readonly #live = new Map<string, LiveNetwork>();
  readonly #host: NetworkRecord;
  readonly #none: NetworkRecord;
  #bridge: NetworkRecord;

  constructor(deps: NetworksDeps) {
    this.#deps = deps;
    const now = nowRfc3339();
    this.#bridge = predefinedNetwork(deps.engineId, "bridge", now);
    this.#host = predefinedNetwork(deps.engineId, "host", now);
    this.#none = predefinedNetwork(deps.engineId, "none", now);
    for (const record of deps.rows.all()) this.#add(record);
  }

  /** The predefined ones first; the default bridge's subnet is known once it is open. */
  all(): NetworkRecord[] {
    return [this.#bridge, this.#host, this.#none, ...this.#users.values()];
  }

  /** Full id first, then name, then a beginning of an id, as moby's FindNetwork does. */
  find(ref: string): NetworkRecord {
    const all = this.all();
    const exact = all.find(({ id }) => id === ref) ?? all.find(({ name }) => name === ref);
    if (exact !== undefined) return exact;
    const [first, ...others] = ref === "" ? [] : all.filter(({ id }) => id.startsWith(ref));
    if (first === undefined) throw notFound(`network ${ref} not found`);
    if (others.length === 0) return first;
    throw invalidParameter(`network ${ref} is ambiguous (${others.length + 1} matches found on ID prefix)`);
  }

  isPredefined({ id }: Pick<NetworkRecord, "id">): boolean {
    return !this.#users.has(id);
  }

  /** For containers to be put on. Throws notFound for a network that is gone, forbidden for one that only holds settings. */
  live({ id, name, configOnly }: NetworkRecord): LiveNetwork {
    if (configOnly) throw forbidden("cannot create endpoint on configuration-only network");
    const live = this.#live.get(id);
    if (live === undefined) throw notFound(`network ${name} not found`);
    return live;
  }

  /** Undefined before it was opened. */
  get defaultBridge(): LiveNetwork | undefined {
    return this.#live.get(this.#bridge.id);
  }

  get allLive(): LiveNetwork[] {
    return [...this.#live.values()];
  }

  /** Opens every network; one of a user's that cannot be is told of, and tried again when a container wants it. */
  async open(): Promise<void> {
    const { worker, remover, pools, bridge, log } = this.#deps;
    const taken = [...this.#users.values()].flatMap((record) => record.subnets.map(({ cidr }) => cidr));
    const alias = this.aliasOf(this.#bridge.name);
    const opened = await openDefaultBridge({ worker, remover, pools, bridge, base: this.#bridge, alias }, taken);
    this.#bridge = opened.record;
    const before = this.#live.get(opened.record.id);
    if (before === undefined) this.#enliven(opened.record, opened.device).isOpen();
    const users = this.allLive.filter(({ record }) => this.#users.has(record.id));
    await Promise.all(
      users.map(async (network) => {
        try {
          await network.open();
        } catch (error) {
          log.error("network.open.failed", { network: network.record.name, error: messageOf(error) });
        }
      }),
    );
  }

  /** What `ip link` tells of a network's interface. It names the default bridge, as no other engine has that. */
  aliasOf(network: string): string {
    return `tare ${this.#deps.bridge.name} ${network}`;
  }

  async create(request: NetworkCreateRequest): Promise<NetworkRecord> {
    using _held = await this.#locks.acquire(CREATION);
    const { defaultOptions } = this.#deps;
    const identity = { id: createId(), createdAt: nowRfc3339() };
    const draft = draftNetwork(request, identity, { networks: this.all(), defaultOptions });
    if (!draft.record.configOnly) return this.#establish(draft);
    this.#deps.rows.insert(draft.record);
    this.#users.set(draft.record.id, draft.record);
    return draft.record;
  }

  /** Throws when it is predefined, or somebody is on it. */
  async remove(record: NetworkRecord): Promise<void> {
    const { id, name, configOnly } = record;
    using _held = await this.#locks.acquire(id);
    if (this.isPredefined(record)) throw forbidden(`${name} is a pre-defined network and cannot be removed`);
    if (configOnly && [...this.#users.values()].some(({ configFrom }) => configFrom === name)) {
      throw forbidden(`error while removing network: configuration network ${JSON.stringify(name)} is in use`);
    }
    const live = this.#live.get(id);
    if (live !== undefined) await this.#discard(live);
    this.#deps.rows.delete(id);
    this.#users.delete(id);
  }

  /** Takes from the host what belongs to networks that nobody is on, or to all of them. */
  async close(which: "unused" | "all"): Promise<void> {
    await Promise.all(this.allLive.map((network) => network.closeSpares()));
    for (const { device, users } of this.allLive) {
      if (which === "all" || users.size === 0) await device.close();
    }
  }

  async #discard(live: LiveNetwork): Promise<void> {
    const { record, users, device } = live;
    const names = [...users.values()].map((user) => `name:"${user.name}" id:"${user.endpointId.slice(0, 12)}"`);
    if (names.length > 0) {
      throw forbidden(
        `error while removing network: network ${record.name} has active endpoints (${names.join(", ")})`,
      );
    }
    // Whoever comes now comes too late.
    this.#live.delete(record.id);
    try {
      await live.closeSpares();
      if (device.policy !== undefined) this.#deps.firewall.removeNetwork(device.policy.bridge);
      await device.close();
    } catch (error) {
      this.#live.set(record.id, live);
      throw error;
    }
  }

  /** A subnet that was chosen may turn out to be somebody else's by now: then another is chosen. */
  async #establish(draft: Draft): Promise<NetworkRecord> {
    const { rows, firewall } = this.#deps;
    for (;;) {
      const { record, chosen } = await this.#withSubnets(draft);
      const device = this.#createDevice(record);
      rows.insert(record);
      try {
        if (!(await openNew(device, chosen))) {
          rows.delete(record.id);
          continue;
        }
        if (device.policy !== undefined) firewall.addNetwork(device.policy);
      } catch (error) {
        await device.close();
        rows.delete(record.id);
        throw error;
      }
      this.#users.set(record.id, record);
      this.#enliven(record, device).isOpen();
      return record;
    }
  }

  async #withSubnets({ record, wanted }: Draft): Promise<{ record: NetworkRecord; chosen: boolean }> {
    const device = this.#createDevice(record);
    const { subnets, config, chosen } = chooseSubnets(record, {
      wanted,
      pools: this.#deps.pools,
      ours: this.all().flatMap((network) => network.subnets.map(({ cidr }) => cidr)),
      used: await this.#deps.worker.usedSubnets(device.policy?.bridge),
      routed: device.policy !== undefined,
      hasGateway: (family) => hasGateway(record, family),
    });
    return { record: { ...record, subnets, ipam: { ...record.ipam, config } }, chosen };
  }

  #add(record: NetworkRecord): void {
    this.#users.set(record.id, record);
    if (!record.configOnly) this.#enliven(record, this.#createDevice(record));
  }

  #enliven(record: NetworkRecord, device: Device): LiveNetwork {
    const { worker, remover, warm, log } = this.#deps;
    const live = new LiveNetwork(record, device, {
      worker,
      remover,
      givesUp: this.#users.has(record.id) && record.driver === "bridge",
      warm: this.#users.has(record.id) ? USER_WARM : warm,
      onFailure: (error) => log.warn("network.background.failed", { network: record.name, error: messageOf(error) }),
    });
    this.#live.set(record.id, live);
    return live;
  }

  #createDevice(record: NetworkRecord): Device {
    const { worker } = this.#deps;
    const alias = this.aliasOf(record.name);
    if (record.driver === "macvlan") return createMacvlanDevice(record, worker, alias);
    if (record.driver === "ipvlan") return createIpvlanDevice(record, worker, alias);
    return new BridgeDevice(record, this.#deps, alias);
  }
}

/** False when an older interface of the machine has a subnet that was chosen for it. */
async function openNew(device: Device, chosen: boolean): Promise<boolean> {
  if (device instanceof BridgeDevice && chosen) return device.openUnlessTaken();
  await device.open();
  return true;
}
