/** The options of the Dockerfile frontend as clients send them, decoded once. Throws invalidParameter. */

import { durationProblem, parseDurationNs } from "../../base/duration.ts";
import { invalidParameter } from "../../base/errors.ts";
import { parseSize } from "../../base/units.ts";
import type {
  CacheOption,
  ContextSource,
  DockerfileSource,
  FrontendOptions,
  PlannedResult,
} from "../../build/builder.ts";
import { type ExecLimits, NO_LIMITS } from "../../build/operation.ts";
import { list, string, stringMap, struct } from "../../wire/decode/primitives.ts";
import { parseJson } from "../../wire/json.ts";

type Options = ReadonlyMap<string, string>;

export interface FrontendRequest {
  readonly options: Options;
  /** Results of other builds that this one uses, by name. */
  readonly inputs: ReadonlyMap<string, PlannedResult>;
}

export function decodeFrontendOptions({ options, inputs }: FrontendRequest): FrontendOptions {
  const text = (name: string, fallback = ""): string => options.get(name) ?? fallback;
  const buildArgs = prefixed(options, "build-arg:");
  const context = contextOf(options, inputs);
  return {
    dockerfile: dockerfileOf(options, context),
    context,
    namedContexts: new Map(
      [...prefixed(options, "context:")].map(([name, value]) => [
        name.toLowerCase(),
        parseContext(value, { options, inputs, name }),
      ]),
    ),
    target: text("target"),
    platforms: csv(text("platform")),
    buildArgs,
    labels: prefixed(options, "label:"),
    noCache: noCacheOf(options.get("no-cache")),
    resolve: oneOf(text("image-resolve-mode", "default"), ["default", "pull", "local"], "image-resolve-mode"),
    network: networkOf(text("force-network-mode", "default")),
    extraHosts: csv(text("add-hosts")).map((entry) => entry.replace("=", ":")),
    hostname: text("hostname", buildArgs.get("BUILDKIT_SANDBOX_HOSTNAME") ?? ""),
    limits: limitsOf(options),
    subrequest: text("requestid"),
    check: buildArgs.get("BUILDKIT_DOCKERFILE_CHECK") ?? "",
    cacheMountNamespace: buildArgs.get("BUILDKIT_CACHE_MOUNT_NS") ?? "",
    multiPlatform: ["1", "true"].includes(text("multi-platform", buildArgs.get("BUILDKIT_MULTI_PLATFORM") ?? "")),
    cacheImports: cacheImportsOf(options),
    onlyStoredImports: false,
  };
}

function prefixed(options: Options, prefix: string): Map<string, string> {
  const found = [...options].filter(([key]) => key.startsWith(prefix));
  return new Map(found.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** JSON of a list, or the names of images, which may have their caches inside. */
function cacheImportsOf(options: Options): CacheOption[] {
  const json = options.get("cache-imports");
  if (json === undefined) return csv(options.get("cache-from") ?? "").map(registryCache);
  return cacheOptions(parseJson(json) ?? [], "cache-imports").map(({ Type, Attrs }) => {
    return { type: Type, attributes: new Map(Object.entries(Attrs)) };
  });
}

export function registryCache(ref: string): CacheOption {
  return { type: "registry", attributes: new Map([["ref", ref]]) };
}

const emptyCacheOption = () => ({ Type: "", Attrs: {} as Record<string, string> });
const cacheOptions = list(
  "CacheOptionsEntry",
  struct("CacheOptionsEntry", emptyCacheOption, { Type: string, Attrs: stringMap }),
  emptyCacheOption,
);

const csv = (text: string): string[] => text.split(",").filter((word) => word !== "");

function oneOf<T extends string>(text: string, known: readonly T[], name: string): T {
  const found = known.find((word) => word === text);
  if (found === undefined) throw invalidParameter(`invalid ${name}: ${text}`);
  return found;
}

function networkOf(mode: string): FrontendOptions["network"] {
  if (mode === "sandbox" || mode === "") return "default";
  if (mode === "host" || mode === "none" || mode === "default") return mode;
  throw invalidParameter(`invalid network mode ${JSON.stringify(mode)}`);
}

/** "" is every stage. */
function noCacheOf(stages: string | undefined): FrontendOptions["noCache"] {
  if (stages === undefined) return false;
  return stages === "" ? true : csv(stages);
}

function contextOf(options: Options, inputs: FrontendRequest["inputs"]): ContextSource {
  const value = options.get("context") ?? "";
  const directory = options.get("contextkey") ?? "context";
  return parseContext(value === "" ? `local:${directory}` : value, { options, inputs, name: "context" });
}

interface ContextWords extends FrontendRequest {
  readonly name: string;
}

function parseContext(value: string, { options, inputs, name }: ContextWords): ContextSource {
  const [, scheme = "", rest = ""] = /^(docker-image|oci-layout|local|input):(?:\/\/)?(.*)$/.exec(value) ?? [];
  switch (scheme) {
    case "docker-image":
      return { from: "image", reference: rest };
    case "oci-layout":
      return { from: "layout", ...parseLayout(rest) };
    case "local":
      return { from: "session", directory: rest, session: options.get(`local-sessionid:${rest}`) ?? "" };
    case "input": {
      const result = inputs.get(rest);
      if (result === undefined) throw invalidParameter(`invalid input ${rest} for ${name}`);
      return { from: "result", result };
    }
    default:
      if (isGit(value)) return { from: "git", url: value };
      if (/^https?:\/\//.test(value)) return { from: "http", url: value };
      return { from: "nowhere", problem: `unsupported context source ${value.split(":", 1)[0] ?? ""} for ${name}` };
  }
}

/** "store@sha256:…" or "store:tag". */
function parseLayout(text: string): { store: string; reference: string } {
  const at = text.search(/[@:]/);
  if (at === -1) throw invalidParameter(`could not parse oci-layout reference ${JSON.stringify(text)}`);
  return { store: text.slice(0, at), reference: text.slice(at) };
}

function isGit(value: string): boolean {
  return /^(?:git|ssh):\/\/|^git@|^github\.com\//.test(value) || /^https?:\/\/[^#?]*\.git(?:[#?]|$)/.test(value);
}

/** A remote context brings its own Dockerfile, unless the client sends one. */
function dockerfileOf(options: Options, context: ContextSource): DockerfileSource {
  const fileName = options.get("filename") ?? "Dockerfile";
  const directory = options.get("dockerfilekey");
  if (directory === undefined && context.from !== "session") return { from: "context", fileName };
  return { from: "session", directory: directory ?? "dockerfile", fileName };
}

/** Those of memory, processors, processes and time are tare's own: BuildKit has no words for them. */
function limitsOf(options: Options): ExecLimits {
  return {
    ...NO_LIMITS,
    memoryBytes: wholeOf(options, "memory"),
    memorySwapBytes: wholeOf(options, "memory-swap"),
    cpuShares: wholeOf(options, "cpu-shares"),
    cpuPeriodUs: wholeOf(options, "cpu-period"),
    cpuQuotaUs: wholeOf(options, "cpu-quota"),
    cpusetCpus: options.get("cpuset-cpus") ?? "",
    cpusetMems: options.get("cpuset-mems") ?? "",
    pids: wholeOf(options, "pids-limit"),
    timeMs: milliseconds(options, "run-timeout"),
    shmBytes: bytesOf(options.get("shm-size") ?? "0"),
    ulimits: csv(options.get("ulimit") ?? "").map(parseUlimit),
    cgroupParent: options.get("cgroup-parent") ?? "",
  };
}

function wholeOf(options: Options, name: string): number {
  const text = options.get(name) ?? "0";
  if (!/^-?\d+$/.test(text)) throw invalidParameter(`invalid ${name}: ${text}`);
  return Number(text);
}

function milliseconds(options: Options, name: string): number {
  const text = options.get(name) ?? "0";
  const ns = parseDurationNs(text);
  if (ns === undefined || ns < 0) throw invalidParameter(`invalid ${name}: ${durationProblem(text)}`);
  return Math.ceil(ns / 1e6);
}

function bytesOf(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) throw invalidParameter(`failed to parse shm size: invalid size: '${text}'`);
  return bytes;
}

function parseUlimit(text: string): ExecLimits["ulimits"][number] {
  const [, name = "", soft = "", hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (name === "") throw invalidParameter(`invalid ulimit argument: ${text}`);
  return { name, soft: Number(soft), hard: Number(hard) };
}
