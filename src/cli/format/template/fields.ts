/** Looks a name up in a value as `.Name` does, with Go's errors. */
import { GoMap, isMethod, Struct, TypedNil, typeName, type Value } from "./value.ts";

export interface Lookup {
  readonly name: string;
  /** How many arguments the field is given; only methods take any. */
  readonly count: number;
  readonly args: () => readonly Value[];
  /** True when a missing key of a map is an error (the option missingkey=error). */
  readonly strict: boolean;
  /** True when `receiver` came out of an untyped map, whose elements Go calls interface {}. */
  readonly untyped: boolean;
}

/** Throws Error with the reason. */
export function lookUp(receiver: Value, { name, count, args, strict, untyped }: Lookup): Value {
  if (receiver === undefined || receiver === null) {
    if (strict) throw new Error(`nil data; no entry for key ${JSON.stringify(name)}`);
    return undefined;
  }
  if (receiver instanceof TypedNil && receiver.kind === "pointer") {
    throw new Error(`nil pointer evaluating ${typeName(receiver)}.${name}`);
  }
  if (receiver instanceof GoMap) {
    if (count > 0) throw new Error(`${name} is not a method but has arguments`);
    if (strict && !receiver.entries.has(name)) throw new Error(`map has no entry for key ${JSON.stringify(name)}`);
    return receiver.entries.get(name);
  }
  if (receiver instanceof TypedNil) return undefined;
  const field = receiver instanceof Struct ? receiver.fields.get(name)?.value : undefined;
  if (field === undefined && !(receiver instanceof Struct && receiver.fields.has(name))) {
    throw new Error(`can't evaluate field ${name} in type ${untyped ? "interface {}" : typeName(receiver)}`);
  }
  if (!isMethod(field)) {
    if (count > 0) throw new Error(`${name} is not a method but has arguments`);
    return field;
  }
  if (count !== field.arity) throw new Error(`wrong number of args for ${name}: want ${field.arity} got ${count}`);
  const [argument = ""] = args();
  if (typeof argument !== "string") throw new Error(`wrong type for value; expected string; got ${typeName(argument)}`);
  return field.call(argument);
}
