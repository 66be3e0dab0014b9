/** JSON of template values as Go's encoder writes it: sorted map keys, fields in Go's order. */
import { shortestFloat } from "./number.ts";
import { Float, GoMap, isList, isMethod, Struct, TypedNil, type Value } from "./value.ts";

/** `escapeHtml` writes <, > and & as escapes, as Go does unless told otherwise. */
export function toJson(value: Value, escapeHtml = false): string {
  if (value === undefined || value === null || value instanceof TypedNil) return "null";
  if (typeof value === "string") return jsonString(value, escapeHtml);
  if (value instanceof Float) return shortestFloat(value.value);
  if (isList(value)) return `[${value.map((item) => toJson(item, escapeHtml)).join(",")}]`;
  if (value instanceof Struct) return structJson(value, escapeHtml);
  if (!(value instanceof GoMap)) return String(value);
  const members = value.keys.map(
    (key) => `${jsonString(key, escapeHtml)}:${toJson(value.entries.get(key), escapeHtml)}`,
  );
  return `{${members.join(",")}}`;
}

function structJson(struct: Struct, escapeHtml: boolean): string {
  const members: string[] = [];
  for (const { json, value } of struct.fields.values()) {
    if (json === undefined) continue;
    // docker marshals computed rows (ps, images) on their own, with Go's default escaping
    const member = isMethod(value) ? toJson(value.json?.() ?? value.call(""), true) : toJson(value, escapeHtml);
    members.push(`${jsonString(json, escapeHtml)}:${member}`);
  }
  return `{${members.join(",")}}`;
}

/** A JSON string that no terminal can be driven by: DEL, the C1 controls and what reorders text are escaped too. */
function jsonString(text: string, escapeHtml = false): string {
  const json = JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu, unicodeEscape);
  return escapeHtml ? json.replace(/[<>&]/g, unicodeEscape) : json;
}

const unicodeEscape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
