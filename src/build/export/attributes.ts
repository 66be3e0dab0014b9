/** An exporter's attributes, each read once by whoever carries it out: what is left over is refused, never ignored. */
import { invalidParameter } from "../../base/errors.ts";
import type { Exporter } from "../builder.ts";

/** What Go's strconv.ParseBool takes. */
const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];

export class Attributes {
  readonly #type: string;
  readonly #left: Map<string, string>;

  constructor({ type, attributes }: { readonly type: string; readonly attributes: Exporter["attributes"] }) {
    this.#type = type;
    this.#left = new Map(attributes);
  }

  text(key: string): string | undefined {
    const value = this.#left.get(key);
    this.#left.delete(key);
    return value;
  }

  /** "" says yes. Throws invalidParameter. */
  flag(key: string, fallback = false): boolean {
    const value = this.text(key);
    if (value === undefined) return fallback;
    if (value === "" || TRUE.includes(value)) return true;
    if (FALSE.includes(value)) return false;
    const why = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
    throw invalidParameter(`non-bool value ${value} specified for ${key}: ${why}`);
  }

  /** Throws invalidParameter. */
  integer(key: string): number | undefined {
    const value = this.text(key);
    if (value === undefined || value === "") return undefined;
    if (/^-?\d{1,15}$/.test(value)) return Number(value);
    const why = `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`;
    throw invalidParameter(`non-integer value ${value} specified for ${key}: ${why}`);
  }

  /** Reads those that `take` understands, by their key. */
  each(take: (key: string, value: string) => boolean): void {
    for (const [key, value] of this.#left) if (take(key, value)) this.#left.delete(key);
  }

  /** An option that may only say what is done anyway. */
  only(key: string, wanted: boolean): void {
    if (this.flag(key, wanted) !== wanted) throw invalidParameter(`${this.#type}: ${key}=${!wanted} is not supported`);
  }

  /** Throws invalidParameter for what nobody has read. */
  end(): void {
    const [key] = this.#left.keys();
    if (key !== undefined) throw invalidParameter(`${this.#type}: option ${JSON.stringify(key)} is not supported`);
  }
}
