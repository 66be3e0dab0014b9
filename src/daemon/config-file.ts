/** The configuration file: the keys of Docker's daemon.json where they apply; unknown ones are named, wrong types refused. */
import { invalidParameter } from "../base/errors.ts";
import { parseCidr } from "../base/ip-prefix.ts";
import type { LogLevel } from "../base/log.ts";
import type { Backing } from "../image/layers/support.ts";

/** An OCI runtime beside the built-in ones: the program, and arguments before the verb. */
export interface RuntimeCommand {
  readonly path: string;
  readonly args: readonly string[];
}

/** Where subnets of networks come from that nobody named. */
export interface AddressPool {
  /** In CIDR notation. */
  readonly base: string;
  /** The prefix length of each subnet. */
  readonly size: number;
}

export interface FileConfig {
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
  imageGcHigh?: number;
  imageGcLow?: number;
}

/** How layers may be stored: in the best way that works here, or in one of these. */
const LAYER_STORAGE: Readonly<Record<string, readonly Backing[]>> = {
  auto: ["file", "loop"],
  erofs: ["file"],
  "erofs-loop": ["loop"],
  extracted: [],
};

class Field {
  readonly #file: string;
  readonly #key: string;
  readonly #value: unknown;

  constructor(file: string, key: string, value: unknown) {
    this.#file = file;
    this.#key = key;
    this.#value = value;
  }

  string(): string {
    return typeof this.#value === "string" ? this.#value : this.#refuse("a string");
  }
  boolean(): boolean {
    return typeof this.#value === "boolean" ? this.#value : this.#refuse("true or false");
  }
  strings(): string[] {
    const value = this.#value;
    return Array.isArray(value) && value.every((item) => typeof item === "string")
      ? value
      : this.#refuse("a list of strings");
  }
  number(): number {
    return typeof this.#value === "number" ? this.#value : this.#refuse("a number");
  }
  addressPools(): AddressPool[] {
    const value = this.#value;
    if (!Array.isArray(value)) return this.#refuse("a list of objects");
    return value.map((item: unknown, at) => {
      const entry = new Field(this.#file, `${this.#key}.${at}`, item).#object();
      const base = new Field(this.#file, `${this.#key}.${at}.base`, entry["base"]).#prefix();
      const size = new Field(this.#file, `${this.#key}.${at}.size`, entry["size"]).number();
      return { base, size };
    });
  }
  stringMaps(): Record<string, Record<string, string>> {
    return Object.fromEntries(
      Object.entries(this.#object()).map(([key, value]) => [
        key,
        new Field(this.#file, `${this.#key}.${key}`, value).stringMap(),
      ]),
    );
  }
  stringMap(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.#object()).map(([key, value]) => [
        key,
        typeof value === "string" ? value : this.#refuse("an object of strings"),
      ]),
    );
  }
  logLevel(): LogLevel {
    const level = this.string();
    return level === "debug" || level === "info" || level === "warn" || level === "error"
      ? level
      : this.#refuse("debug, info, warn or error");
  }
  percent(): number {
    const value = this.#value;
    return typeof value === "number" && value > 0 && value <= 100 ? value : this.#refuse("a percentage");
  }
  layerStorage(): readonly Backing[] {
    return LAYER_STORAGE[this.string()] ?? this.#refuse(Object.keys(LAYER_STORAGE).join(", "));
  }
  runtimes(): Record<string, RuntimeCommand> {
    return Object.fromEntries(
      Object.entries(this.#object()).map(([name, value]) => {
        const entry = new Field(this.#file, `${this.#key}.${name}`, value).#object();
        const path = new Field(this.#file, `${this.#key}.${name}.path`, entry["path"]).string();
        const args = new Field(this.#file, `${this.#key}.${name}.runtimeArgs`, entry["runtimeArgs"] ?? []).strings();
        return [name, { path, args }];
      }),
    );
  }

  #prefix(): string {
    const text = this.string();
    return parseCidr(text) === undefined ? this.#refuse("a subnet such as 10.0.0.0/8") : text;
  }
  #object(): Record<string, unknown> {
    const value = this.#value;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : this.#refuse("an object");
  }
  #refuse(wanted: string): never {
    throw invalidParameter(`${this.#file}: "${this.#key}" must be ${wanted}`);
  }
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
  "image-gc-high-threshold": (field) => ({ imageGcHigh: field.percent() }),
  "image-gc-low-threshold": (field) => ({ imageGcLow: field.percent() }),
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
