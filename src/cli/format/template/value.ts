/** What templates work on: JSON-like data plus the few distinctions that Go's printing and errors show. */

/** A float, kept apart from whole numbers so that `1.0` stays one. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A nil pointer, slice or map of a typed field. */
export class TypedNil {
  readonly kind: "pointer" | "slice" | "map";

  constructor(kind: TypedNil["kind"]) {
    this.kind = kind;
  }
}

/** A map with keys of some string type. */
export class GoMap {
  readonly entries: ReadonlyMap<string, Value>;
  /** What `index` gives for a missing key. */
  readonly zero: Value;
  /** Go's name for the keys' type; `index` accepts no other. */
  readonly keyType: string;

  constructor(entries: ReadonlyMap<string, Value>, zero: Value, keyType = "string") {
    this.entries = entries;
    this.zero = zero;
    this.keyType = keyType;
  }

  /** Keys in Go's order. */
  get keys(): readonly string[] {
    return [...this.entries.keys()].sort(byCodePoint);
  }

  /** True for decoded JSON of no known type. */
  get isUntyped(): boolean {
    return this.zero === null;
  }
}

/** A computed field; `arity` arguments. */
export interface Method {
  readonly arity: 0 | 1;
  call(argument: string): Value;
  /** The value as JSON has it, where that differs. */
  json?(): Value;
}

export interface Field {
  /** Undefined leaves it out of JSON. */
  readonly json: string | undefined;
  readonly value: Value | Method;
}

/** A struct: its fields by Go's names, in Go's order. */
export class Struct {
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, Field>;

  constructor(typeName: string, fields: ReadonlyMap<string, Field>) {
    this.typeName = typeName;
    this.fields = fields;
  }
}

/** Undefined is no value at all; null is nil of no type; a bigint is a whole number that a JavaScript number does not hold. */
export type Value =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | TypedNil
  | GoMap
  | Struct
  | readonly Value[];

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

export const isMethod = (value: Value | Method): value is Method =>
  typeof value === "object" && value !== null && "arity" in value;

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Decoded JSON as untyped values; nil for what JSON cannot hold. */
export function fromJson(data: unknown): Value {
  if (typeof data === "string" || typeof data === "boolean") return data;
  if (typeof data === "number") return Number.isInteger(data) ? data : new Float(data);
  if (Array.isArray(data)) return data.map(fromJson);
  if (typeof data !== "object" || data === null) return null;
  return new GoMap(new Map(Object.entries(data).map(([key, value]) => [key, fromJson(value)])), null);
}

/** Go's name of the value's type. */
export function typeName(value: Value): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "int";
  if (typeof value === "bigint") return "int64";
  if (typeof value === "string") return "string";
  if (value instanceof Float) return "float64";
  if (value instanceof Struct) return value.typeName;
  if (value instanceof GoMap) return value.zero === "" ? "map[string]string" : "map[string]interface {}";
  if (value instanceof TypedNil) return value.kind === "slice" ? "[]string" : "*struct";
  return value.length > 0 && value.every((item) => typeof item === "string") ? "[]string" : "[]interface {}";
}

/** What `if`, `with`, `and`, `or` and `not` go by: false, 0, "", nil and the empty are not true. */
export function isTrue(value: Value): boolean {
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof GoMap) return value.entries.size > 0;
  if (isList(value)) return value.length > 0;
  return Boolean(value) && !(value instanceof TypedNil);
}
