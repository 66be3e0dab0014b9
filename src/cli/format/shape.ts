/** Gives decoded JSON the types of Go's API structs, so that templates print, test and miss fields as docker's do. */
import { type Field, Float, fromJson, GoMap, Struct, TypedNil, type Value } from "./template/value.ts";

/** How one JSON value becomes a template value; `undefined` is an absent member. */
export type Shape = (data: unknown) => Value;

export const text: Shape = (data) => (typeof data === "string" ? data : "");
export const int: Shape = (data) => (typeof data === "number" ? data : 0);
export const bool: Shape = (data) => data === true;
/** An interface{}: whatever JSON says. */
export const any: Shape = fromJson;

/** A pointer: nil when null or absent. */
export const pointer =
  (of: Shape): Shape =>
  (data) =>
    data === null || data === undefined ? new TypedNil("pointer") : of(data);

export const list =
  (of: Shape): Shape =>
  (data) =>
    Array.isArray(data) ? data.map(of) : new TypedNil("slice");

/** `keyType` is Go's type of the keys where it is none of its plain strings. */
export const map =
  (of: Shape, keyType?: string): Shape =>
  (data) => {
    if (!isObject(data)) return new TypedNil("map");
    return new GoMap(new Map(Object.entries(data).map(([key, value]) => [key, of(value)])), of(undefined), keyType);
  };

/** Go's names where they differ from the wire's. */
const GO_NAMES: Readonly<Record<string, string>> = {
  Id: "ID",
  Dns: "DNS",
  DnsOptions: "DNSOptions",
  DnsSearch: "DNSSearch",
  HostIp: "HostIP",
};

/** Members by their wire names, in Go's order. Members that the table does not know follow, typed as they look. */
export const struct =
  (typeName: string, shapes: Readonly<Record<string, Shape>>): Shape =>
  (data) => {
    const source = isObject(data) ? data : {};
    const fields = new Map<string, Field>();
    const names = new Set([...Object.keys(shapes), ...Object.keys(source)]);
    for (const name of names) {
      const shape = shapes[name] ?? guessed;
      fields.set(GO_NAMES[name] ?? name, { json: name in source ? name : undefined, value: shape(source[name]) });
    }
    return new Struct(typeName, fields);
  };

/** Objects are taken for structs, since the API's maps are few and known. */
const guessed: Shape = (data) => {
  if (Array.isArray(data)) return data.map(guessed);
  if (isObject(data)) return struct("struct", {})(data);
  if (typeof data === "number" && !Number.isInteger(data)) return new Float(data);
  return fromJson(data);
};

function isObject(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
