/** The configuration file: the keys of Docker's daemon.json where they apply; unknown ones are named, wrong types refused. */
import { invalidParameter } from "../base/errors.ts";
import type { LogLevel } from "../base/log.ts";
import type { Backing } from "../image/layers/support.ts";

/** An OCI runtime beside the built-in ones: the program, and arguments before the verb. */
export interface RuntimeCommand {
  readonly path: string;
  readonly args: readonly string[];
}

export interface FileConfig {
  root?: string;
  run?: string;
  hosts?: string[];
  bridge?: string;
  subnet?: string;
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
