/** The arguments of HEALTHCHECK: `[--interval=… --timeout=… --start-period=… --start-interval=… --retries=…] CMD …`, or NONE. */
import { parseDurationNs } from "../../base/duration.ts";
import { invalidParameter } from "../../base/errors.ts";
import type { HealthConfig } from "../../wire/container.ts";
import { jsonForm } from "./words.ts";

const FLAG = /^--([a-z-]+)(?:=(\S*))?(?:\s+|$)/;
const DURATION_FIELDS = {
  interval: "Interval",
  timeout: "Timeout",
  "start-period": "StartPeriod",
  "start-interval": "StartInterval",
} as const;

/** Throws invalidParameter in Docker's words. */
export function parseHealthcheck(text: string): HealthConfig {
  const health: HealthConfig = {};
  let rest = text;
  for (let match = FLAG.exec(rest); match !== null; match = FLAG.exec(rest)) {
    const [whole, name = "", value = ""] = match;
    setFlag(health, name, value);
    rest = rest.slice(whole.length);
  }
  const [word = ""] = rest.split(/\s/, 1);
  return { ...health, Test: parseTest(word.toUpperCase(), rest.slice(word.length).trim(), health) };
}

function parseTest(kind: string, command: string, flags: HealthConfig): string[] {
  if (kind === "NONE") {
    if (command !== "" || Object.keys(flags).length > 0) throw invalidParameter("HEALTHCHECK NONE takes no arguments");
    return ["NONE"];
  }
  if (kind !== "CMD") {
    throw invalidParameter(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`);
  }
  if (command === "") throw invalidParameter("Missing command after HEALTHCHECK CMD");
  const list = jsonForm(command);
  return list === undefined ? ["CMD-SHELL", command] : ["CMD", ...list];
}

function setFlag(health: HealthConfig, name: string, value: string): void {
  if (name === "retries") health.Retries = retries(value);
  else if (isDurationFlag(name)) health[DURATION_FIELDS[name]] = durationNs(name, value);
  else throw invalidParameter(`unknown flag: ${name}`);
}

function isDurationFlag(name: string): name is keyof typeof DURATION_FIELDS {
  return Object.hasOwn(DURATION_FIELDS, name);
}

function retries(value: string): number {
  if (!/^-?\d{1,9}$/.test(value))
    throw invalidParameter(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  if (Number(value) < 0) throw invalidParameter(`--retries cannot be negative (${value})`);
  return Number(value);
}

const LEAST_NS = 1e6;

function durationNs(name: string, value: string): number {
  const ns = parseDurationNs(value);
  if (ns === undefined) throw invalidParameter(`time: invalid duration ${JSON.stringify(value)}`);
  if (ns !== 0 && ns < LEAST_NS) throw invalidParameter(`Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  return ns;
}
