/** How Go prints values: `%v`, and the spacing of print and println. */
import { shortestFloat } from "./number.ts";
import { Float, GoMap, isList, isMethod, Struct, TypedNil, type Value } from "./value.ts";

/** What an action `{{…}}` leaves in the output. */
export function printed(value: Value): string {
  return value === undefined || value === null ? "<no value>" : plain(value);
}

/** Go's %v; `named` is %+v, which names the fields of structs. */
export function plain(value: Value, named = false): string {
  if (value === undefined || value === null) return "<nil>";
  if (value instanceof Float) return shortestFloat(value.value);
  if (value instanceof TypedNil) return NIL_TEXT[value.kind];
  if (typeof value !== "object") return String(value);
  return container(value, named, (item) => plain(item, named)) ?? "";
}

const NIL_TEXT: Readonly<Record<TypedNil["kind"], string>> = { pointer: "<nil>", slice: "[]", map: "map[]" };

/** Lists, maps and structs with every element through `each`; undefined for anything else. */
export function container(value: Value, named: boolean, each: (item: Value) => string): string | undefined {
  if (isList(value)) return `[${value.map(each).join(" ")}]`;
  if (value instanceof GoMap) {
    return `map[${value.keys.map((key) => `${each(key)}:${each(value.entries.get(key))}`).join(" ")}]`;
  }
  if (!(value instanceof Struct)) return undefined;
  const fields = [...value.fields].map(([name, field]) => {
    const text = isMethod(field.value) ? each(field.value.call("")) : each(field.value);
    return named ? `${name}:${text}` : text;
  });
  return `{${fields.join(" ")}}`;
}

/** Go's Sprint: a space between two operands when neither is a string. */
export function sprint(values: readonly Value[]): string {
  return values
    .map((value, index) => {
      const spaced = index > 0 && typeof value !== "string" && typeof values[index - 1] !== "string";
      return (spaced ? " " : "") + plain(value);
    })
    .join("");
}

/** Go's Sprintln: a space between all operands and a newline. */
export function sprintln(values: readonly Value[]): string {
  return `${values.map((value) => plain(value)).join(" ")}\n`;
}
