/** One value of the configuration file, read as what it must be. */
import { parseDurationNs } from "../base/duration.ts";
import { invalidParameter } from "../base/errors.ts";
import { isIP } from "../base/ip.ts";
import { parseCidr } from "../base/ip-prefix.ts";
import type { LogLevel } from "../base/log.ts";
import { parseSize } from "../base/units.ts";
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

/** How layers may be stored: in the best way that works here, or in one of these. */
const LAYER_STORAGE: Readonly<Record<string, readonly Backing[]>> = {
  auto: ["file", "loop"],
  erofs: ["file"],
  "erofs-loop": ["loop"],
  extracted: [],
};

/** A value of the file under its key. Each method gives it as one kind of value, or throws invalidParameter that names key and kind. */
export class Field {
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
  /** One, or a list of them. */
  addresses(): string[] {
    const value = typeof this.#value === "string" ? [this.#value] : this.strings();
    return value.every(isIP) ? value : this.#refuse("IP addresses");
  }
  /** Whole, and at least 1. */
  count(): number {
    const value = this.#value;
    return typeof value === "number" && Number.isInteger(value) && value >= 1 ? value : this.#refuse("a whole number");
  }
  /** "32m", at least 1. */
  bytes(): number {
    const bytes = parseSize(this.string());
    return bytes !== undefined && bytes >= 1 ? bytes : this.#refuse("a size such as 32m");
  }
  /** "48h", not negative. */
  durationMs(): number {
    const ns = parseDurationNs(this.string());
    return ns !== undefined && ns >= 0 ? ns / 1e6 : this.#refuse("a duration such as 48h");
  }
  list(): Field[] {
    const value = this.#value;
    if (!Array.isArray(value)) return this.#refuse("a list");
    return value.map((item: unknown, at) => new Field(this.#file, `${this.#key}.${at}`, item));
  }
  /** The fields of an object. */
  fields(): Record<string, Field> {
    return Object.fromEntries(
      Object.entries(this.#object()).map(([key, value]) => [key, new Field(this.#file, `${this.#key}.${key}`, value)]),
    );
  }
  number(): number {
    return typeof this.#value === "number" ? this.#value : this.#refuse("a number");
  }
  addressPools(): AddressPool[] {
    return this.list().map((item) => {
      const { base = item.#missing("base"), size = item.#missing("size") } = item.fields();
      return { base: base.#prefix(), size: size.number() };
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

  #missing(name: string): Field {
    return new Field(this.#file, `${this.#key}.${name}`, undefined);
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
