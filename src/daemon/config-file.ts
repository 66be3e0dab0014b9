/** The configuration file: the keys of Docker's daemon.json where they apply; unknown ones are named, wrong types refused. */
import { invalidParameter } from "../base/errors.ts";
import type { LogLevel } from "../base/log.ts";
import type { Backing } from "../image/layers/support.ts";
import { BUILDER_KEYS, type BuilderFileConfig } from "./builder-config.ts";
import { type AddressPool, Field, type RuntimeCommand } from "./config-field.ts";
import { REGISTRY_KEYS, type RegistryFileConfig } from "./registry-config.ts";

export interface FileConfig extends RegistryFileConfig, BuilderFileConfig {
  root?: string;
  run?: string;
  hosts?: string[];
  bridge?: string;
  subnet?: string;
  subnetV6?: string;
  fixedSubnet?: string;
  ipv6?: boolean;
  mtu?: number;
  icc?: boolean;
  masquerade?: boolean;
  hostBinding?: string;
  addressPools?: readonly AddressPool[];
  networkOptions?: Record<string, Record<string, string>>;
  nftTable?: string;
  favorDynamicCgroups?: boolean;
  cgroupParent?: string;
  dns?: string[];
  dnsSearch?: string[];
  dnsOptions?: string[];
  hostGateways?: string[];
  defaultRuntime?: string;
  runtimes?: Record<string, RuntimeCommand>;
  logDriver?: string;
  logOptions?: Record<string, string>;
  shmSize?: string;
  init?: boolean;
  labels?: string[];
  debug?: boolean;
  logLevel?: LogLevel;
  layerBackings?: readonly Backing[];
  layerVerity?: boolean;
  imageGcHigh?: number;
  imageGcLow?: number;
}

const KEYS: Readonly<Record<string, (field: Field) => FileConfig>> = {
  "data-root": (field) => ({ root: field.string() }),
  "exec-root": (field) => ({ run: field.string() }),
  hosts: (field) => ({ hosts: field.strings() }),
  bridge: (field) => ({ bridge: field.string() }),
  bip: (field) => ({ subnet: field.string() }),
  bip6: (field) => ({ subnetV6: field.string() }),
  "fixed-cidr": (field) => ({ fixedSubnet: field.string() }),
  "fixed-cidr-v6": (field) => ({ subnetV6: field.string() }),
  ipv6: (field) => ({ ipv6: field.boolean() }),
  mtu: (field) => ({ mtu: field.number() }),
  icc: (field) => ({ icc: field.boolean() }),
  "ip-masq": (field) => ({ masquerade: field.boolean() }),
  ip: (field) => ({ hostBinding: field.string() }),
  "default-address-pools": (field) => ({ addressPools: field.addressPools() }),
  "default-network-opts": (field) => ({ networkOptions: field.stringMaps() }),
  "cgroup-parent": (field) => ({ cgroupParent: field.string() }),
  "nftables-table": (field) => ({ nftTable: field.string() }),
  "cgroup-favordynmods": (field) => ({ favorDynamicCgroups: field.boolean() }),
  dns: (field) => ({ dns: field.strings() }),
  "dns-search": (field) => ({ dnsSearch: field.strings() }),
  "dns-opts": (field) => ({ dnsOptions: field.strings() }),
  "host-gateway-ip": (field) => ({ hostGateways: field.addresses() }),
  "host-gateway-ips": (field) => ({ hostGateways: field.addresses() }),
  "default-runtime": (field) => ({ defaultRuntime: field.string() }),
  runtimes: (field) => ({ runtimes: field.runtimes() }),
  "log-driver": (field) => ({ logDriver: field.string() }),
  "log-opts": (field) => ({ logOptions: field.stringMap() }),
  "default-shm-size": (field) => ({ shmSize: field.string() }),
  init: (field) => ({ init: field.boolean() }),
  labels: (field) => ({ labels: field.strings() }),
  debug: (field) => ({ debug: field.boolean() }),
  "log-level": (field) => ({ logLevel: field.logLevel() }),
  "layer-storage": (field) => ({ layerBackings: field.layerStorage() }),
  "layer-verity": (field) => ({ layerVerity: field.boolean() }),
  "image-gc-high-threshold": (field) => ({ imageGcHigh: field.percent() }),
  "image-gc-low-threshold": (field) => ({ imageGcLow: field.percent() }),
  ...REGISTRY_KEYS,
  ...BUILDER_KEYS,
  // Always so with this engine: containers outlive it, and it is told apart from nothing else.
  "live-restore": (field) => (field.boolean(), {}),
};

export function decodeConfigFile(path: string, text: string): { config: FileConfig; unknownKeys: string[] } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw invalidParameter(`${path} is not valid JSON`);
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    throw invalidParameter(`${path} must hold one JSON object`);
  }
  const entries = Object.entries(raw);
  const known = entries.map(([key, value]) => KEYS[key]?.(new Field(path, key, value)) ?? {});
  const config: FileConfig = Object.assign({}, ...known);
  return { config, unknownKeys: entries.map(([key]) => key).filter((key) => !(key in KEYS)) };
}
