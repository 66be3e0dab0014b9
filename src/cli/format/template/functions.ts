/** The functions of templates: Go's own, and those that docker adds (json, split, join, title, lower, upper, pad, truncate). */
import { equalsAny, isLess } from "./compare.ts";
import { escapeHtml, escapeJs, escapeQuery } from "./escape.ts";
import { toJson } from "./json.ts";
import { plain, sprint, sprintln } from "./print.ts";
import { sprintf } from "./printf.ts";
import { runesOf } from "./quote.ts";
import { Float, GoMap, isList, isTrue, Struct, TypedNil, typeName, type Value } from "./value.ts";

export type ParameterType = "any" | "string" | "int" | "strings";

interface TemplateFunction {
  readonly params: readonly ParameterType[];
  /** The type of any further arguments. */
  readonly rest?: ParameterType;
  /** `args` are of the types above. Throws Error with the reason. */
  call(args: readonly Value[]): Value;
}

export type Functions = Readonly<Record<string, TemplateFunction>>;

const text = (value: Value): string => (typeof value === "string" ? value : "");
const int = (value: Value): number => (typeof value === "number" ? value : 0);

/** A function of strings, whose result is a string. */
const onText = (call: (text: string) => string): TemplateFunction => ({
  params: ["string"],
  call: ([value]) => call(text(value)),
});
const comparison = (call: (a: Value, b: Value) => boolean): TemplateFunction => ({
  params: ["any", "any"],
  call: ([a, b]) => call(a, b),
});
const printing = (call: (args: readonly Value[]) => string): TemplateFunction => ({ params: [], rest: "any", call });

/** `and` and `or` choose among their arguments; the evaluator stops at the first that decides. */
export const LAZY: Readonly<Record<string, (value: Value) => boolean>> = {
  and: (value) => !isTrue(value),
  or: isTrue,
};
const chosen: TemplateFunction = { params: ["any"], rest: "any", call: (args) => args.at(-1) };

export const FUNCTIONS: Functions = {
  and: chosen,
  or: chosen,
  not: { params: ["any"], call: ([value]) => !isTrue(value) },
  eq: { params: ["any"], rest: "any", call: ([first, ...others]) => equalsAny(first, others) },
  ne: comparison((a, b) => !equalsAny(a, [b])),
  lt: comparison(isLess),
  le: comparison((a, b) => isLess(a, b) || equalsAny(a, [b])),
  gt: comparison((a, b) => !isLess(a, b) && !equalsAny(a, [b])),
  ge: comparison((a, b) => !isLess(a, b)),
  len: { params: ["any"], call: ([value]) => length(value) },
  index: { params: ["any"], rest: "any", call: ([value, ...keys]) => keys.reduce<Value>(element, value) },
  slice: { params: ["any"], rest: "any", call: ([value, ...bounds]) => slice(value, bounds) },
  print: printing(sprint),
  println: printing(sprintln),
  printf: { params: ["string"], rest: "any", call: ([format, ...args]) => sprintf(text(format), args) },
  html: printing((args) => escapeHtml(sprint(args))),
  js: printing((args) => escapeJs(sprint(args))),
  urlquery: printing((args) => escapeQuery(sprint(args))),
  json: { params: ["any"], call: ([value]) => toJson(value) },
  split: { params: ["string", "string"], call: ([value, separator]) => text(value).split(text(separator)) },
  join: {
    params: ["strings", "string"],
    call: ([list, separator]) => (isList(list) ? list.map((item) => plain(item)).join(text(separator)) : ""),
  },
  title: onText((value) => value.replace(/(?<![\p{L}\p{N}_])\p{L}/gu, (letter) => letter.toUpperCase())),
  lower: onText((value) => value.toLowerCase()),
  upper: onText(upper),
  pad: {
    params: ["string", "int", "int"],
    call: ([value, before, after]) =>
      text(value) && " ".repeat(Math.max(0, int(before))) + text(value) + " ".repeat(Math.max(0, int(after))),
  },
  truncate: {
    params: ["string", "int"],
    call: ([value, count]) => (text(value).length < int(count) ? text(value) : text(value).slice(0, int(count))),
  },
};

/** Go maps rune by rune, so "ß" stays. */
function upper(value: string): string {
  return value.replace(/\p{L}/gu, (char) => (runesOf(char.toUpperCase()).length === 1 ? char.toUpperCase() : char));
}

const bytes = (value: string): Buffer => Buffer.from(value);

function length(value: Value): number {
  if (typeof value === "string") return bytes(value).length;
  if (isList(value)) return value.length;
  if (value instanceof GoMap) return value.entries.size;
  if (value instanceof TypedNil && value.kind !== "pointer") return 0;
  if (value === undefined || value === null) throw new Error("len of nil pointer");
  throw new Error(`len of type ${typeName(value)}`);
}

function element(value: Value, key: Value): Value {
  if (value === undefined || value === null) throw new Error("index of untyped nil");
  if (value instanceof GoMap) return member(value, key);
  if (value instanceof TypedNil && value.kind === "map") return "";
  const list = typeof value === "string" ? bytes(value) : value instanceof TypedNil ? [] : value;
  if (typeof list !== "object" || list instanceof Float || list instanceof Struct) {
    throw new Error(`can't index item of type ${typeName(value)}`);
  }
  if (typeof key !== "number") throw new Error(`cannot index slice/array with type ${keyType(key)}`);
  if (key < 0 || key >= list.length) throw new Error(`index out of range: ${key}`);
  return list[key];
}

const keyType = (key: Value): string => (key === undefined || key === null ? "nil" : typeName(key));

function member(map: GoMap, key: Value): Value {
  if (typeof key !== "string" || map.keyType !== "string") {
    throw new Error(`value has type ${keyType(key)}; should be ${map.keyType}`);
  }
  return map.entries.has(key) ? map.entries.get(key) : map.zero;
}

function slice(value: Value, bounds: readonly Value[]): Value {
  if (value === undefined || value === null) throw new Error("slice of untyped nil");
  if (typeof value !== "string" && !isList(value)) throw new Error(`can't slice item of type ${typeName(value)}`);
  if (bounds.length > 3) throw new Error(`too many slice indexes: ${bounds.length}`);
  const list = typeof value === "string" ? bytes(value) : value;
  const [from = 0, to = list.length] = bounds.map((bound) => {
    if (typeof bound !== "number") throw new Error(`cannot index slice/array with type ${keyType(bound)}`);
    if (bound < 0 || bound > list.length) throw new Error(`index out of range: ${bound}`);
    return bound;
  });
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return typeof value === "string" ? bytes(value).subarray(from, to).toString() : value.slice(from, to);
}
