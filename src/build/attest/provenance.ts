/** SLSA provenance as BuildKit states it: what a build was asked for, what went into it, and when. Pure. */
import { type Platform, platformText } from "../../wire/platform.ts";
import type { Vertex } from "../operation.ts";
import type { Material } from "../solver/solver.ts";
import type { ProvenanceOptions } from "./attest-options.ts";
import { describeSteps } from "./steps.ts";

export interface ProvenanceFacts {
  readonly ref: string;
  /** The client's words: "filename", "build-arg:X", "vcs:source" … */
  readonly request: ReadonlyMap<string, string>;
  readonly materials: readonly Material[];
  /** Directories of the client that were read. */
  readonly locals: readonly string[];
  readonly secrets: readonly { readonly id: string; readonly optional: boolean }[];
  readonly agents: readonly { readonly id: string; readonly optional: boolean }[];
  /** This machine's. */
  readonly platform: Platform;
  readonly vertex: Vertex;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number;
}

export const PREDICATE_TYPES = {
  "v0.2": "https://slsa.dev/provenance/v0.2",
  v1: "https://slsa.dev/provenance/v1",
} as const;

const METADATA = "https://mobyproject.org/buildkit@v1#metadata";
const BUILD_TYPE = "https://mobyproject.org/buildkit@v1";
const DEFINITIONS = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";
/** Of the machine or the wire, not of the build. */
const NOT_ARGUMENTS =
  /^(?:attest:|vcs:|context:|local-sessionid:|cgroup-parent$|image-resolve-mode$|platform$|cache-imports$|cache-from$|context$|filename$|frontend\.caps$|multi-platform$|source$|cmdline$|contextkey$|dockerfilekey$)/;

/** The predicate, as the version of the options has it. */
export function toPredicate(facts: ProvenanceFacts, options: ProvenanceOptions): Readonly<Record<string, unknown>> {
  return options.version === "v1" ? toV1(facts, options) : toV02(facts, options);
}

function toV02(facts: ProvenanceFacts, options: ProvenanceOptions): Record<string, unknown> {
  const { parameters, isComplete } = parametersOf(facts, options);
  const { config, metadata } = inDetail(facts, options);
  return {
    builder: { id: options.builderId },
    buildType: BUILD_TYPE,
    ...(facts.materials.length === 0 ? {} : { materials: facts.materials }),
    invocation: {
      configSource: { entryPoint: facts.request.get("filename") ?? "Dockerfile" },
      parameters,
      environment: { platform: platformText(facts.platform) },
    },
    ...(config === undefined ? {} : { buildConfig: config }),
    metadata: {
      buildInvocationID: facts.ref,
      buildStartedOn: new Date(facts.startedAt).toISOString(),
      buildFinishedOn: new Date(facts.finishedAt).toISOString(),
      completeness: { parameters: isComplete, environment: true, materials: facts.locals.length === 0 },
      reproducible: options.reproducible,
      [METADATA]: metadata,
    },
  };
}

function toV1(facts: ProvenanceFacts, options: ProvenanceOptions): Record<string, unknown> {
  const { parameters, isComplete } = parametersOf(facts, options);
  const { config, metadata } = inDetail(facts, options);
  return {
    buildDefinition: {
      buildType: DEFINITIONS,
      ...(facts.materials.length === 0 ? {} : { resolvedDependencies: facts.materials }),
      externalParameters: {
        configSource: { path: facts.request.get("filename") ?? "Dockerfile" },
        request: parameters,
      },
      internalParameters: {
        ...(config === undefined ? {} : { buildConfig: config }),
        builderPlatform: platformText(facts.platform),
      },
    },
    runDetails: {
      builder: { id: options.builderId },
      metadata: {
        invocationId: facts.ref,
        startedOn: new Date(facts.startedAt).toISOString(),
        finishedOn: new Date(facts.finishedAt).toISOString(),
        ...(Object.keys(metadata).length === 0 ? {} : { buildkit_metadata: metadata }),
        ...(options.reproducible ? { buildkit_reproducible: true } : {}),
        buildkit_completeness: { request: isComplete, resolvedDependencies: facts.locals.length === 0 },
      },
    },
  };
}

/** With "min" neither arguments and labels, which may hold anything, nor what secrets are called. */
function parametersOf({ request, locals, secrets, agents }: ProvenanceFacts, { mode }: ProvenanceOptions) {
  const all = [...request].filter(([key]) => !NOT_ARGUMENTS.test(key)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const isPrivate = ([key]: [string, string]): boolean => /^(?:build-arg|label):/.test(key);
  const args = mode === "max" ? all : all.filter((entry) => !isPrivate(entry));
  const parameters = {
    frontend: "dockerfile.v0",
    ...(args.length === 0 ? {} : { args: Object.fromEntries(args) }),
    ...(mode === "min" || secrets.length === 0 ? {} : { secrets }),
    ...(mode === "min" || agents.length === 0 ? {} : { ssh: agents }),
    ...(locals.length === 0 ? {} : { locals: locals.map((name) => ({ name })) }),
  };
  return { parameters, isComplete: args.length === all.length };
}

interface Detail {
  readonly config: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The graph and the Dockerfile, with "max". */
function inDetail({ request, vertex }: ProvenanceFacts, { mode }: ProvenanceOptions): Detail {
  const vcs = [...request].filter(([key]) => key.startsWith("vcs:"));
  const known = vcs.length === 0 ? {} : { vcs: Object.fromEntries(vcs.map(([key, value]) => [key.slice(4), value])) };
  if (mode === "min") return { config: undefined, metadata: known };
  const { config, names, vertices } = describeSteps(vertex);
  return { config, metadata: { ...known, source: sourceOf(vertices, names) } };
}

function sourceOf(vertices: readonly Vertex[], names: ReadonlyMap<string, string>): unknown {
  const placed = vertices.flatMap(({ digest, place }) => (place === undefined ? [] : [{ digest, place }]));
  const locations = placed.map(({ digest, place: { lines } }) => {
    const range = { start: { line: lines.first }, end: { line: lines.last } };
    return [names.get(digest), { locations: [{ ranges: [range] }] }];
  });
  const files = new Map(placed.map(({ place }) => [place.fileName, place.text]));
  const infos = [...files].map(([filename, text]) => {
    return { filename, language: "Dockerfile", data: Buffer.from(text).toString("base64") };
  });
  return { locations: Object.fromEntries(locations), infos };
}
