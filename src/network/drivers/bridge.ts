/** The driver "bridge": a bridge of this host, and a veth pair for each endpoint. */
import { systemError } from "../../base/errors.ts";
import { prefixAround, toCidr, toPrefix } from "../../base/ip-prefix.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import type { AddressPlan, BridgePlan } from "../device/plan.ts";
import type { LinkRemover } from "../device/remover.ts";
import type { NetworkWorker } from "../device/worker-client.ts";
import type { BridgePolicy } from "../firewall/policy.ts";
import { macOf } from "../mac.ts";
import { type BridgeOptions, bridgeOptions } from "./bridge-options.ts";
import type { Device } from "./device.ts";

/** Every device that has the router's part has it under the same link-local address, as Docker's. */
const LINK_LOCAL_GATEWAY: AddressPlan = { address: "fe80::1", prefixLength: 64 };
const HOST_NAME_DIGITS = 11;

/** The name of an endpoint's end on the host. */
const hostNameOf = (endpointId: string): string => `veth${endpointId.slice(0, HOST_NAME_DIGITS)}`;

/** Who makes interfaces, and who deletes them. */
export interface BridgeThreads {
  readonly worker: NetworkWorker;
  readonly remover: LinkRemover;
}

export class BridgeDevice implements Device {
  readonly sharesMac = false;
  readonly routed = false;
  readonly #record: NetworkRecord;
  readonly #worker: NetworkWorker;
  readonly #remover: LinkRemover;
  readonly #alias: string;
  readonly #options: BridgeOptions;
  #index = 0;

  /** `alias` is what `ip link` shows people. */
  constructor(record: NetworkRecord, { worker, remover }: BridgeThreads, alias: string) {
    this.#record = record;
    this.#worker = worker;
    this.#remover = remover;
    this.#alias = alias;
    this.#options = bridgeOptions(record);
  }

  get interfaces() {
    return { mtu: this.#options.mtu, prefix: this.#options.interfacePrefix };
  }

  get hostBinding(): string | undefined {
    return this.#options.hostBinding;
  }

  get policy(): BridgePolicy {
    const { name, icc, masquerade, mode, sourceAddress } = this.#options;
    const isolated = mode.ipv4 === "isolated" || mode.ipv6 === "isolated";
    return {
      bridge: name,
      subnets: this.#record.subnets.map(({ cidr }) => cidr),
      internal: this.#record.internal || isolated,
      icc,
      masquerade,
      gatewayMode: {
        ipv4: mode.ipv4 === "isolated" ? "nat" : mode.ipv4,
        ipv6: mode.ipv6 === "isolated" ? "nat" : mode.ipv6,
      },
      sourceAddress,
    };
  }

  async open(): Promise<void> {
    const index = await this.#worker.ensureBridge(this.#plan(false));
    if (index === undefined) throw systemError(`bridge ${this.#options.name} could not be made`);
    this.#index = index;
  }

  /** For one whose subnet was chosen: false when an older interface of the machine has it, and nothing was made. */
  async openUnlessTaken(): Promise<boolean> {
    const index = await this.#worker.ensureBridge(this.#plan(true));
    this.#index = index ?? 0;
    return index !== undefined;
  }

  close(): Promise<void> {
    return this.#remover.deleteBridge(this.#plan(false));
  }

  link(endpointId: string) {
    return {
      kind: "bridge",
      bridge: this.#index,
      hostName: hostNameOf(endpointId),
      isolated: !this.#options.icc,
    } as const;
  }

  #plan(yields: boolean): BridgePlan {
    const addresses = this.#hostAddresses();
    const ipv6 = this.#record.enableIPv6;
    return {
      name: this.#options.name,
      alias: this.#alias,
      mac: macOf(this.#record.id, addresses[0]?.address),
      mtu: this.#options.mtu,
      addresses: ipv6 ? [...addresses, LINK_LOCAL_GATEWAY] : addresses,
      ipv6,
      yields,
    };
  }

  /** Where the containers find the host. */
  #hostAddresses(): AddressPlan[] {
    return this.#record.subnets.flatMap(({ cidr, gateway }) => {
      const { family, length } = toPrefix(cidr);
      if (gateway === undefined || (family === 4 && this.#options.inhibitIPv4)) return [];
      return [{ address: gateway, prefixLength: length }];
    });
  }
}

/** The subnet that an address of an interface tells of. */
export const subnetOf = ({ address, prefixLength }: AddressPlan): string => toCidr(prefixAround(address, prefixLength));
