/**
 * Decoders from `unknown` to typed wire shapes with the tolerance of Go's encoding/json: keys match in any case, unknown keys are
 * ignored, null leaves the default. Anything else of the wrong type is invalidParameter in Go 1.27's words.
 */
import { type EngineError, invalidParameter } from "../../base/errors.ts";

/** `at` is the dotted path that error messages show. Called with anything but null and undefined. */
export type Decoder<T> = (value: NonNullable<unknown>, at: string) => T;

const GO_KINDS: Readonly<Record<string, string>> = { boolean: "bool", number: "number", string: "string" };
const INSIDE_ARRAY = /\.\d+$/;

function kindOf(value: NonNullable<unknown>): string {
  if (Array.isArray(value)) return "array";
  return GO_KINDS[typeof value] ?? "object";
}

/** The refusal of a value whose JSON kind does not fit the Go type `type`. */
function mismatch(value: NonNullable<unknown>, at: string, type: string, detail = ""): EngineError {
  const found = `${kindOf(value)}${detail}`;
  const target = !at.includes(".")
    ? `Go value of type ${type}`
    : INSIDE_ARRAY.test(at)
      ? `${at} of type ${type}`
      : `Go struct field ${at} of type ${type}`;
  return invalidParameter(`invalid JSON: json: cannot unmarshal ${found} into ${target}`);
}

function isObject(value: NonNullable<unknown>): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && !Array.isArray(value);
}

/** A string of the named Go type. */
export const text =
  (type = "string"): Decoder<string> =>
  (value, at) => {
    if (typeof value !== "string") throw mismatch(value, at, type);
    return value;
  };
export const string: Decoder<string> = text();

export const bool: Decoder<boolean> = (value, at) => {
  if (typeof value !== "boolean") throw mismatch(value, at, "bool");
  return value;
};

/** An integer of a Go type. What a double cannot hold exactly becomes the nearest it can: such limits mean "without limit". */
export const integer =
  (type: string, min: number, max: number): Decoder<number> =>
  (value, at) => {
    if (typeof value !== "number") throw mismatch(value, at, type);
    if (!Number.isInteger(value) || value < min || value > max) throw mismatch(value, at, type, ` ${value}`);
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER));
  };

const INT64_MAX = 2 ** 63;
export const int64: Decoder<number> = integer("int64", -INT64_MAX, INT64_MAX);
export const int: Decoder<number> = integer("int", -INT64_MAX, INT64_MAX);
export const duration: Decoder<number> = integer("time.Duration", -INT64_MAX, INT64_MAX);
export const uint16: Decoder<number> = integer("uint16", 0, 0xffff);
const uint: Decoder<number> = integer("uint", 0, 2 ** 64);
export const uint64: Decoder<number> = integer("uint64", 0, 2 ** 64);

/** A list; null items become `zero`, as Go leaves them. */
export const list =
  <T>(type: string, item: Decoder<T>, zero: () => T): Decoder<T[]> =>
  (value, at) => {
    if (!Array.isArray(value)) throw mismatch(value, at, `[]${type}`);
    return value.map((each: unknown, index) => (isSet(each) ? item(each, `${at}.${index}`) : zero()));
  };

export const strings: Decoder<string[]> = list("string", string, () => "");

/** A map with any keys; null values become `zero`. */
export const map =
  <T>(type: string, item: Decoder<T>, zero: () => T): Decoder<Record<string, T>> =>
  (value, at) => {
    if (!isObject(value)) throw mismatch(value, at, type);
    const decoded = Object.entries(value).map(([key, each]): [string, T] => [
      key,
      isSet(each) ? item(each, `${at}.${pointerToken(key)}`) : zero(),
    ]);
    return Object.fromEntries(decoded);
  };

export const stringMap: Decoder<Record<string, string>> = map("map[string]string", string, () => "");

/** A Go set, such as the exposed ports: only the keys count. */
export const set = (type: string): Decoder<Record<string, Record<string, never>>> => {
  const empty: Decoder<Record<string, never>> = (value, at) => {
    if (!isObject(value)) throw mismatch(value, at, "struct {}");
    return {};
  };
  return map(type, empty, () => ({}));
};

/** Cmd and Entrypoint: a list, or one string that becomes a list of one (moby strslice). Its errors name no field. */
export const stringOrList: Decoder<string[]> = (value) => {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) throw mismatch(value, "", "string");
  return value.map((item: unknown) => {
    if (!isSet(item)) return "";
    if (typeof item !== "string") throw mismatch(value, "", "string");
    return item;
  });
};

/** Two unsigned integers; missing ones are 0, further ones ignored, as Go fills an array. */
export const sizePair: Decoder<[number, number]> = (value, at) => {
  if (!Array.isArray(value)) throw mismatch(value, at, "[2]uint");
  const [first = 0, second = 0] = value
    .slice(0, 2)
    .map((each: unknown, index) => (isSet(each) ? uint(each, `${at}.${index}`) : 0));
  return [first, second];
};

export type Fields<T> = { readonly [K in keyof T]-?: Decoder<NonNullable<T[K]>> };

/** An object with known fields on top of the defaults that `zero` makes. */
export function struct<T extends object>(type: string, zero: () => T, fields: Fields<T>): Decoder<T> {
  const names = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name as keyof T & string]));
  return (value, at) => {
    if (!isObject(value)) throw mismatch(value, at, type);
    const result = zero();
    for (const [key, each] of Object.entries(value)) {
      const name = names.get(key.toLowerCase());
      if (name !== undefined && isSet(each)) result[name] = fields[name](each, `${at}.${key}`) as T[keyof T & string];
    }
    return result;
  };
}

/** Go's omitempty: of these fields, those that are empty are left out. */
export const omitEmpty =
  <T extends object>(decode: Decoder<T>, names: readonly (keyof T)[]): Decoder<T> =>
  (value, at) => {
    const result = decode(value, at);
    for (const name of names) if (isEmpty(result[name])) Reflect.deleteProperty(result, name);
    return result;
  };

const isEmpty = (value: unknown): boolean =>
  value === false || (typeof value === "object" && value !== null && Object.keys(value).length === 0);

function isSet(value: unknown): value is NonNullable<unknown> {
  return value !== null && value !== undefined;
}

/** A key as a JSON pointer spells it. */
function pointerToken(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
