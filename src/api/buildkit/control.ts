/** Control: builds from their start to their result, their progress, the cache and the history. */
import { invalidParameter, notImplemented } from "../../base/errors.ts";
import type { CacheUsage, Exporter, Outputs, Plan } from "../../build/builder.ts";
import { DISK_USAGE, INFO, LIST_WORKERS, PRUNE, SESSION, SOLVE, STATUS } from "../../grpc/control-methods.ts";
import { bidirectional, type Call, type Endpoint, method, serverStreaming, unary } from "../../grpc/method.ts";
import { Empty, toTimestamp } from "../../wire/buildkit/common.ts";
import type { SolveRequest } from "../../wire/buildkit/control.ts";
import { type BridgeDeps, toCacheOption } from "./bridge.ts";
import { toBuildError } from "./build-error.ts";
import { BUILDKIT_VERSION, toWorker } from "./capabilities.ts";
import { decodeFrontendOptions } from "./frontend-options.ts";
import { historyEndpoints } from "./history.ts";
import type { OpenBuild, Returned } from "./open-builds.ts";
import type { SessionRegistry } from "./session/registry.ts";
import { sessionInCall } from "./session/session-in-call.ts";
import { toStatus } from "./status-messages.ts";

/** Traces that clients send; nobody keeps them. */
const TRACES = method("/opentelemetry.proto.collector.trace.v1.TraceService/Export", Empty, Empty);

export interface ControlDeps extends BridgeDeps {
  readonly sessions: SessionRegistry;
}

export function controlEndpoints(deps: ControlDeps): Endpoint[] {
  const { builder, worker, sessions } = deps;
  return [
    unary(LIST_WORKERS, () => ({ record: [toWorker(worker)] })),
    unary(INFO, () => ({ buildkitVersion: BUILDKIT_VERSION })),
    unary(SOLVE, (request, call) => solve(deps, request, call)),
    serverStreaming(STATUS, async function* ({ ref }, { signal }) {
      for await (const event of builder.history.progress(ref, signal)) yield toStatus(event);
    }),
    bidirectional(SESSION, (requests, call) => sessionInCall(sessions, requests, call)),
    unary(DISK_USAGE, async ({ filter }) => ({ record: (await builder.diskUsage(filter)).map(toUsageRecord) })),
    serverStreaming(PRUNE, async function* (request) {
      const { filter, all, keepDuration, reservedSpace, maxUsedSpace, minFreeSpace } = request;
      const limits = { reservedBytes: reservedSpace, maxUsedBytes: maxUsedSpace, minFreeBytes: minFreeSpace };
      const options = { all, filters: filter, keepMs: keepDuration / 1e6, ...limits };
      for await (const usage of builder.prune(options)) yield toUsageRecord(usage);
    }),
    ...historyEndpoints(builder.history),
    unary(TRACES, () => ({})),
  ];
}

/** Begins a build, waits for the frontend's result, and ends with what came of it. */
async function solve({ builder, builds, sessions, results }: ControlDeps, request: SolveRequest, { signal }: Call) {
  const { ref, session, internal, entitlements, frontendAttrs, definition } = request;
  const exporters = request.exporters.map(toExporter);
  const record = builder.history.begin({ ref, internal, attributes: frontendAttrs, exporters });
  try {
    if (definition !== undefined && definition.def.length > 0) {
      throw notImplemented("building from a definition is not supported: only Dockerfiles are");
    }
    const client = session === "" ? undefined : await sessions.get(session);
    const signals = client === undefined ? [signal] : [signal, client.signal];
    const build = {
      ref,
      session: client,
      sessionOf: (id: string) => sessions.get(id),
      entitlements,
      report: record.report,
      signal: AbortSignal.any(signals),
    };
    const open = { build, record, returned: Promise.withResolvers<Returned>() };
    using _open = builds.add(open);
    const { results: planned, metadata } = await resultsOf({ builder, results }, request, open);
    const { answers, attachments } = await builder.finish(build, planned, outputsOf(request, exporters));
    record.end({ answers, attachments });
    return { exporterResponse: new Map([...metadata, ...answers]) };
  } catch (error) {
    const failure = toBuildError(error);
    record.end({ error: failure.message });
    throw failure;
  }
}

/**
 * A client that brings no frontend of its own names it here, and is told the frontend's answers with those of the exporters;
 * the others call it over the bridge and return its result.
 */
async function resultsOf(
  { builder, results }: Pick<ControlDeps, "builder" | "results">,
  { frontend, frontendAttrs, frontendInputs }: SolveRequest,
  { build, returned }: OpenBuild,
): Promise<Pick<Plan, "results" | "metadata">> {
  if (frontend === "") {
    const gone = Promise.withResolvers<never>();
    gone.promise.catch(() => undefined);
    const leave = (): void => gone.reject(build.signal.reason);
    build.signal.addEventListener("abort", leave, { once: true });
    return { ...(await Promise.race([returned.promise, gone.promise])), metadata: new Map() };
  }
  const inputs = new Map([...frontendInputs].map(([name, input]) => [name, results.named(input)]));
  return builder.plan(build, decodeFrontendOptions({ options: frontendAttrs, inputs }));
}

function toExporter({ type, attrs }: { type: string; attrs: ReadonlyMap<string, string> }): Exporter {
  const known = { image: "image", moby: "image", local: "local", tar: "tar", oci: "oci", docker: "docker" } as const;
  const found = Object.entries(known).find(([name]) => name === type);
  if (found === undefined) throw invalidParameter(`exporter ${JSON.stringify(type)} could not be found`);
  return { type: found[1], attributes: attrs };
}

function outputsOf({ cache, frontendAttrs }: SolveRequest, exporters: readonly Exporter[]): Outputs {
  const attestations = [...frontendAttrs].filter(([key]) => key.startsWith("attest:"));
  return {
    exporters,
    cacheExports: (cache?.exports ?? []).map(toCacheOption),
    attestations: new Map(attestations.map(([key, value]) => [key.slice("attest:".length), value])),
    request: frontendAttrs,
  };
}

function toUsageRecord({ type, sizeBytes, createdAt, lastUsedAt, parents, ...rest }: CacheUsage) {
  return {
    ...rest,
    recordType: type,
    size: sizeBytes,
    parents: [...parents],
    createdAt: toTimestamp(createdAt),
    lastUsedAt: lastUsedAt === undefined ? undefined : toTimestamp(lastUsedAt),
  };
}
