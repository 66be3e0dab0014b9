/** The parameters of `POST /build`, decoded once. Throws invalidParameter in Docker's words. */
import { invalidParameter } from "../../../base/errors.ts";
import { createId } from "../../../base/ids.ts";
import type { CacheOption, ContextSource, Exporter, FrontendOptions } from "../../../build/builder.ts";
import { parseJson } from "../../../wire/json.ts";
import type { Query } from "../../../wire/query.ts";
import { registryCache } from "../frontend-options.ts";

export interface ClassicOptions {
  /** The client's name for the build, by which it may be cancelled. */
  readonly ref: string;
  /** 1 tells steps, 2 BuildKit's own progress. */
  readonly version: 1 | 2;
  readonly quiet: boolean;
  readonly sessionId: string;
  readonly tags: readonly string[];
  readonly exporters: readonly Exporter[];
  readonly cacheExports: readonly CacheOption[];
  readonly frontend: FrontendOptions;
  /** Ids of intermediate containers are told as removed. */
  readonly removes: boolean;
}

export function decodeClassicOptions(query: Query, context: ContextSource): ClassicOptions {
  const tags = query.all("t");
  const asked = query.text("version");
  if (!["", "1", "2"].includes(asked)) throw invalidParameter(`invalid build version: ${asked}`);
  const version = asked === "2" ? 2 : 1;
  const frontend = frontendOf(query, context, version);
  checkSupported(query);
  return {
    ref: query.text("buildid") || createId(),
    version,
    quiet: query.bool("q"),
    sessionId: query.text("session"),
    tags,
    exporters: exportersOf(query, tags),
    removes: query.bool("rm", true) || query.bool("forcerm"),
    cacheExports: cacheExportsOf(frontend),
    frontend,
  };
}

function checkSupported(query: Query): void {
  if (query.bool("squash")) throw invalidParameter("squash is only supported with experimental mode");
  const isolation = query.text("isolation");
  if (!["", "default"].includes(isolation.toLowerCase())) {
    throw invalidParameter(`unsupported isolation: ${JSON.stringify(isolation)}`);
  }
}

/** Docker's own: an image under the names, unless the client wants something else. */
function exportersOf(query: Query, tags: readonly string[]): Exporter[] {
  const image: Exporter = { type: "image", attributes: new Map([["name", tags.join(",")]]) };
  const text = query.text("outputs");
  if (text === "") return [image];
  const outputs = jsonOf("outputs", text);
  if (!Array.isArray(outputs)) throw invalidParameter("outputs must be a list");
  return outputs.length === 0 ? [image] : outputs.map((output) => toExporter(output, image));
}

function toExporter(output: unknown, image: Exporter): Exporter {
  const { Type: type, Attrs: attributes } = (output ?? {}) as { Type?: unknown; Attrs?: unknown };
  const known = ["local", "tar", "oci", "docker"] as const;
  const found = known.find((name) => name === type);
  if (found !== undefined) return { type: found, attributes: new Map(Object.entries(stringsOf(attributes))) };
  if (type === "moby" || type === "image" || type === "") {
    return {
      type: "image",
      attributes: new Map([...image.attributes, ...Object.entries(stringsOf(attributes ?? {}))]),
    };
  }
  throw invalidParameter(`unsupported output type ${String(type)}`);
}

function frontendOf(query: Query, context: ContextSource, version: ClassicOptions["version"]): FrontendOptions {
  const buildArgs = nullableMap("buildargs", query.text("buildargs"));
  return {
    dockerfile: { from: "context", fileName: query.text("dockerfile") || "Dockerfile" },
    context,
    namedContexts: new Map(),
    target: query.text("target"),
    platforms: query.text("platform") === "" ? [] : [query.text("platform")],
    buildArgs,
    labels: nullableMap("labels", query.text("labels")),
    noCache: query.bool("nocache"),
    resolve: query.bool("pull") ? "pull" : "default",
    network: networkOf(query.text("networkmode"), version),
    extraHosts: query.all("extrahosts").map((entry) => entry.replace("=", ":")),
    hostname: "",
    limits: limitsOf(query),
    subrequest: "",
    check: buildArgs.get("BUILDKIT_DOCKERFILE_CHECK") ?? "",
    cacheMountNamespace: buildArgs.get("BUILDKIT_CACHE_MOUNT_NS") ?? "",
    multiPlatform: false,
    cacheImports: cacheFromOf(query.text("cachefrom")),
    onlyStoredImports: version === 1,
  };
}

/** Images that may have caches inside. */
function cacheFromOf(text: string): CacheOption[] {
  if (text === "") return [];
  const names = jsonOf("cachefrom", text);
  if (names === null) return [];
  if (!Array.isArray(names)) throw invalidParameter("cachefrom must be a list");
  return names.filter((name): name is string => typeof name === "string" && name !== "").map(registryCache);
}

/** As clients without caches of their own ask for one inside the image. */
function cacheExportsOf({ buildArgs }: FrontendOptions): CacheOption[] {
  const isAsked = ["1", "true"].includes(buildArgs.get("BUILDKIT_INLINE_CACHE") ?? "");
  return isAsked ? [{ type: "inline", attributes: new Map() }] : [];
}

/** The classic builder's steps may be on any network, as its containers were. */
function networkOf(mode: string, version: ClassicOptions["version"]): FrontendOptions["network"] {
  if (mode === "" || mode === "default" || mode === "bridge") return "default";
  if (mode === "none" || mode === "host" || (version === 1 && !mode.startsWith("container:"))) return mode;
  throw invalidParameter(`network mode ${JSON.stringify(mode)} not supported by buildkit`);
}

function limitsOf(query: Query): FrontendOptions["limits"] {
  const number = (name: string): number => query.intOrZero(name);
  return {
    memoryBytes: number("memory"),
    memorySwapBytes: number("memswap"),
    cpuShares: number("cpushares"),
    cpuPeriodUs: number("cpuperiod"),
    cpuQuotaUs: number("cpuquota"),
    cpusetCpus: query.text("cpusetcpus"),
    cpusetMems: query.text("cpusetmems"),
    pids: 0,
    timeMs: 0,
    shmBytes: query.int("shmsize") ?? 0,
    ulimits: ulimitsOf(query.text("ulimits")),
    cgroupParent: query.text("cgroupparent"),
  };
}

function ulimitsOf(text: string): FrontendOptions["limits"]["ulimits"] {
  if (text === "") return [];
  const list = jsonOf("ulimits", text);
  if (!Array.isArray(list)) throw invalidParameter("error reading ulimit settings: not a list");
  return list.map((entry: unknown) => {
    const { Name: name, Soft: soft, Hard: hard } = (entry ?? {}) as { Name?: unknown; Soft?: unknown; Hard?: unknown };
    if (typeof name !== "string" || typeof soft !== "number" || typeof hard !== "number") {
      throw invalidParameter("error reading ulimit settings: Name, Soft and Hard are needed");
    }
    return { name, soft, hard };
  });
}

function jsonOf(name: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw invalidParameter(`error reading ${name}: ${error instanceof Error ? error.message : ""}`, { cause: error });
  }
}

/** A null value takes nothing from anywhere: it is left out. */
function nullableMap(name: string, text: string): Map<string, string> {
  if (text === "") return new Map();
  return new Map(Object.entries(stringsOf(jsonOf(name, text) ?? {})));
}

function stringsOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidParameter("not an object of strings");
  const entries = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(
    entries.map(([key, each]) => {
      if (typeof each === "string") return [key, each];
      throw invalidParameter(`the value of ${key} is not a string`);
    }),
  );
}
