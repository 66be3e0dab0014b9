/** The engine's half of `version`, laid out as docker lays it out. */
import { neutraliseLine } from "./neutralise.ts";

/** The body of GET /version. */
export type ServerVersion = Readonly<Record<string, unknown>>;

const LABEL_CELLS = 20;

/** Aligned "label: value" lines. */
export function versionRows(indent: string, rows: readonly (readonly [label: string, value: string])[]): string {
  return rows.map(([label, value]) => `${`${indent}${label}:`.padEnd(LABEL_CELLS)}${neutraliseLine(value)}\n`).join("");
}

export function serverText(server: ServerVersion): string {
  const platform = textAt(objectAt(server, "Platform"), "Name");
  const components = Array.isArray(server["Components"]) ? server["Components"].filter(isObject) : [];
  const parts = (components.length > 0 ? components : [engineOf(server)]).map(componentText);
  return `Server:${platform === "" ? "" : ` ${neutraliseLine(platform)}`}\n${parts.join("")}`;
}

/** Engines before API 1.35 do not list components. */
const engineOf = (server: ServerVersion): ServerVersion => ({
  Name: "Engine",
  Version: server["Version"],
  Details: server,
});

function componentText(component: ServerVersion): string {
  const name = textAt(component, "Name");
  const details = objectAt(component, "Details");
  const version: [string, string] = ["Version", textAt(component, "Version")];
  const rows =
    name === "Engine" ? engineRows(details) : Object.keys(details).map((key) => [key, textAt(details, key)] as const);
  return ` ${neutraliseLine(name)}:\n${versionRows("  ", [version, ...rows])}`;
}

/** Details that an engine does not have are left out. */
function engineRows(details: ServerVersion): (readonly [string, string])[] {
  const api = `${textAt(details, "ApiVersion")} (minimum version ${textAt(details, "MinAPIVersion")})`;
  const rows = [
    ["API version", api],
    ["Go version", textAt(details, "GoVersion")],
    ["Bun version", textAt(details, "BunVersion")],
    ["Git commit", textAt(details, "GitCommit")],
    ["Built", builtText(textAt(details, "BuildTime"))],
    ["OS/Arch", `${textAt(details, "Os")}/${textAt(details, "Arch")}`],
    ["Experimental", textAt(details, "Experimental")],
  ] as const;
  return rows.filter(([, value]) => value !== "");
}

/** "Tue Sep 15 11:02:57 2026"; what is no time stays. */
export function builtText(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const [weekday = "", day = "", month = "", year = "", clock = ""] = date.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${day.replace(/^0/, " ")} ${clock} ${year}`;
}

export const isObject = (data: unknown): data is ServerVersion => typeof data === "object" && data !== null;

const objectAt = (data: ServerVersion, name: string): ServerVersion => {
  const value = data[name];
  return isObject(value) ? value : {};
};

const textAt = (data: ServerVersion, name: string): string => {
  const value = data[name];
  return typeof value === "string" ? value : typeof value === "boolean" ? String(value) : "";
};
