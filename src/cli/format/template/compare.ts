/** The comparison functions of templates, with Go's rules on kinds. */
import { plain } from "./print.ts";
import { Float, GoMap, isList, Struct, TypedNil, typeName, type Value } from "./value.ts";

type Kind = "bool" | "int" | "float" | "string" | "nil" | "other";

function kindOf(value: Value): Kind {
  if (value === undefined || value === null || value instanceof TypedNil) return "nil";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" || typeof value === "bigint") return "int";
  if (typeof value === "string") return "string";
  return value instanceof Float ? "float" : "other";
}

const ORDERED = new Set<Kind>(["int", "float", "string"]);

/** Numbers of every kind as one, so that they compare. */
const scalar = (value: Value): Value => {
  if (value instanceof Float) return value.value;
  return typeof value === "bigint" ? Number(value) : value;
};

function checkComparable(value: Value): void {
  if (value instanceof GoMap || isList(value) || value instanceof Struct) {
    throw new Error(`non-comparable type ${plain(value)}: ${typeName(value)}`);
  }
}

/** True when the first equals any other. */
export function equalsAny(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new Error("missing argument for comparison");
  checkComparable(first);
  return others.some((other) => equals(first, other));
}

function equals(a: Value, b: Value): boolean {
  checkComparable(b);
  const kinds = [kindOf(a), kindOf(b)];
  if (kinds.includes("nil")) return kinds[0] === kinds[1];
  if (kinds[0] !== kinds[1]) throw new Error("incompatible types for comparison");
  return scalar(a) === scalar(b);
}

export function isLess(a: Value, b: Value): boolean {
  const kind = kindOf(a);
  if (!ORDERED.has(kind)) throw new Error("invalid type for comparison");
  if (kind !== kindOf(b)) throw new Error("incompatible types for comparison");
  const [left, right] = [scalar(a), scalar(b)];
  if (typeof left === "string" && typeof right === "string") return left < right;
  return Number(left) < Number(right);
}
