/** The flags as words of the Dockerfile frontend. Pure. */
import type { CliEnv } from "../command.ts";
import { splitPair } from "../container/values.ts";
import { CommandError } from "../errors.ts";
import { buildProblem, parseFields } from "./fields.ts";
import type { BuildFlags } from "./flags.ts";

type Attr = readonly [name: string, value: string];

/** Throws CommandError in buildx's words. */
export function frontendAttrs(flags: BuildFlags, variables: CliEnv["variables"]): Map<string, string> {
  if (flags["no-cache"] && flags["no-cache-filter"].length > 0) {
    throw buildProblem("--no-cache and --no-cache-filter cannot currently be used together");
  }
  return new Map([
    ...text("target", flags.target),
    ...text("platform", platforms(flags.platform).join(",")),
    ...(flags["no-cache"] ? [["no-cache", ""] as const] : text("no-cache", flags["no-cache-filter"].join(","))),
    ...text("image-resolve-mode", flags.pull ? "pull" : ""),
    ...text("force-network-mode", networkMode(flags.network)),
    ...text("add-hosts", flags["add-host"].map(hostEntry).join(",")),
    ...buildArgs(flags["build-arg"], variables),
    ...flags.label.map((pair): Attr => labelAttr(pair)),
    ...limitAttrs(flags),
    ...attestAttrs(flags),
    ...text("requestid", subrequest(flags)),
  ]);
}

const text = (name: string, value: string): Attr[] => (value === "" ? [] : [[name, value]]);
const number = (name: string, value: number | undefined): Attr[] =>
  value === undefined ? [] : [[name, String(value)]];

/** "check" and its like, "" for a build. */
export function callOf({ call, check }: Pick<BuildFlags, "call" | "check">): {
  readonly name: string;
  readonly format: string;
} {
  if (check) return { name: "lint", format: "" };
  const fields = call.split(",");
  const [name = ""] = fields;
  const format = fields.find((field) => field.startsWith("format="))?.slice("format=".length) ?? "";
  if (name === "build" || name === "") return { name: "", format };
  return { name: name === "check" ? "lint" : name, format };
}

function subrequest(flags: BuildFlags): string {
  const { name } = callOf(flags);
  return name === "" ? "" : `frontend.${name}`;
}

function platforms(flags: readonly string[]): string[] {
  const words = flags.flatMap((flag) => flag.split(",")).filter((word) => word !== "");
  const strange = words.find((word) => !/^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+){0,2}$/.test(word));
  if (strange === undefined) return words;
  throw buildProblem(`${JSON.stringify(strange)}: cannot parse platform specifier: invalid argument`);
}

function networkMode(mode: string): string {
  if (mode === "" || mode === "default") return "";
  if (mode === "host" || mode === "none") return mode;
  throw buildProblem(
    `network mode ${JSON.stringify(mode)} not supported by buildkit - you can define a custom network for your builder using the network driver-opt in buildx create`,
  );
}

/** "name:address" or "name=address"; an IPv6 address may stand in brackets. */
function hostEntry(entry: string): string {
  const [, name = "", address = ""] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? [];
  if (name === "") throw buildProblem(`invalid host ${entry}`);
  return `${name}=${address.replace(/^\[(.*)\]$/, "$1")}`;
}

/** A name without a value takes the user's variable, and is nothing when there is none. */
function buildArgs(pairs: readonly string[], variables: CliEnv["variables"]): Attr[] {
  return pairs.flatMap((pair) => {
    const [name, given] = splitPair(pair);
    if (name === "") throw new CommandError(`ERROR: invalid key-value pair ${JSON.stringify(pair)}: empty key`);
    const value = pair.includes("=") ? given : variables[name];
    return value === undefined ? [] : [[`build-arg:${name}`, value] as const];
  });
}

function labelAttr(pair: string): Attr {
  const [name, value] = splitPair(pair);
  if (name === "") throw new CommandError(`ERROR: invalid key-value pair ${JSON.stringify(pair)}: empty key`);
  return [`label:${name}`, value];
}

function limitAttrs(flags: BuildFlags): Attr[] {
  const { cpus } = flags;
  const period = cpus === undefined ? undefined : 100_000;
  return [
    ...number("shm-size", flags["shm-size"]),
    ...text("ulimit", flags.ulimit.map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`).join(",")),
    ...text("cgroup-parent", flags["cgroup-parent"]),
    ...number("memory", flags.memory),
    ...number("memory-swap", flags["memory-swap"]),
    ...number("cpu-shares", flags["cpu-shares"]),
    ...number("cpu-period", flags["cpu-period"] ?? period),
    ...number("cpu-quota", flags["cpu-quota"] ?? (cpus === undefined ? undefined : Math.round(cpus / 1e4))),
    ...text("cpuset-cpus", flags["cpuset-cpus"]),
    ...text("cpuset-mems", flags["cpuset-mems"]),
    ...number("pids-limit", flags["pids-limit"]),
    ...text("run-timeout", flags["run-timeout"] === undefined ? "" : `${flags["run-timeout"]}ns`),
  ];
}

/** `--attest type=provenance,mode=max`, and the two shorthands, which may say false. */
function attestAttrs({ attest, provenance, sbom }: BuildFlags): Attr[] {
  const given = attest.map((spec): Attr => {
    const { type = "", ...attrs } = Object.fromEntries(parseFields(spec));
    if (type === "") throw buildProblem(`attestation type not specified`);
    return [`attest:${type}`, wordsOf(attrs)];
  });
  return [...given, ...shorthand("provenance", provenance), ...shorthand("sbom", sbom)].filter(
    ([, words]) => words !== "disabled=true",
  );
}

function shorthand(type: string, value: string): Attr[] {
  if (value === "" || value === "false" || value === "0") return [];
  if (value === "true" || value === "1") return [[`attest:${type}`, ""]];
  return [[`attest:${type}`, value]];
}

const wordsOf = (attrs: Readonly<Record<string, string>>): string =>
  Object.entries(attrs)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
