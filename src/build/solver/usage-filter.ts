/** Filters of cache records: "type=regular", "id~=^abc", "inuse", "description!=…", in containerd's notation. Pure. */
import { invalidParameter, messageOf } from "../../base/errors.ts";
import type { CacheUsage } from "../builder.ts";

const FILTER = /^(\w+)(?:(==|!=|~=|=)(.*))?$/;

/** All parts of one filter ("a,b") must hold, of several filters one. */
export function matchesUsage(usage: CacheUsage, filters: readonly string[]): boolean {
  const wanted = filters.filter((filter) => filter !== "");
  return wanted.length === 0 || wanted.some((filter) => filter.split(",").every((part) => matches(usage, part.trim())));
}

function matches(usage: CacheUsage, part: string): boolean {
  const [, name = "", operator, value = ""] = FILTER.exec(part) ?? [];
  const field = fieldOf(usage, name.toLowerCase());
  if (name === "") throw invalidParameter(`failed to parse filter ${JSON.stringify(part)}`);
  // Of a field that no record has nothing is known but that it is not this.
  if (field === undefined) return operator === "!=";
  if (operator === undefined) return field !== "" && field !== "false";
  if (operator === "!=") return field !== value;
  if (operator === "~=") return expression(part, value).test(field);
  return field === value;
}

function expression(part: string, text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw invalidParameter(`failed to parse filter ${JSON.stringify(part)}: ${messageOf(error)}`);
  }
}

function fieldOf(
  { id, parents, description, inUse, mutable, shared, type }: CacheUsage,
  name: string,
): string | undefined {
  switch (name) {
    case "id":
      return id;
    case "parents":
      return parents.join(";");
    case "description":
      return description;
    case "inuse":
      return String(inUse);
    case "mutable":
      return String(mutable);
    case "immutable":
      return String(!mutable);
    case "shared":
      return String(shared);
    case "private":
      return String(!shared);
    case "type":
      return type;
    default:
      return undefined;
  }
}
