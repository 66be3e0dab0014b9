/** LLBBridge: the frontend's side of a build. Clients ask here for the Dockerfile's result, and hand it back to be exported. */
import { invalidParameter, notImplemented } from "../../base/errors.ts";
import type { Builder, Plan, PlannedResult } from "../../build/builder.ts";
import { type Call, type Endpoint, method, unary } from "../../grpc/method.ts";
import { fromRpcStatus } from "../../grpc/status.ts";
import { Empty } from "../../wire/buildkit/common.ts";
import {
  BridgeSolveRequest as BridgeSolveMessage,
  type BridgeSolveRequest,
  BridgeSolveResponse,
  EvaluateRequest,
  PongResponse,
  ReadFileRequest,
  ReadFileResponse,
  type Result,
  ReturnRequest,
  WarnRequest,
} from "../../wire/buildkit/gateway.ts";
import { list, string, struct } from "../../wire/decode/primitives.ts";
import { parseJson } from "../../wire/json.ts";
import type { MessageOf } from "../../wire/protobuf/message.ts";
import type { WorkerFacts } from "../backend.ts";
import { toBuildError } from "./build-error.ts";
import { CAPS, toWorker } from "./capabilities.ts";
import { decodeFrontendOptions } from "./frontend-options.ts";
import type { OpenBuild, OpenBuilds } from "./open-builds.ts";
import { type Results, toDefinition } from "./results.ts";

const SERVICE = "/moby.buildkit.v1.frontend.LLBBridge";
const PING = method(`${SERVICE}/Ping`, Empty, PongResponse);
const SOLVE = method(`${SERVICE}/Solve`, BridgeSolveMessage, BridgeSolveResponse);
const RETURN = method(`${SERVICE}/Return`, ReturnRequest, Empty);
const EVALUATE = method(`${SERVICE}/Evaluate`, EvaluateRequest, Empty);
const READ_FILE = method(`${SERVICE}/ReadFile`, ReadFileRequest, ReadFileResponse);
const WARN = method(`${SERVICE}/Warn`, WarnRequest, Empty);

export interface BridgeDeps {
  readonly builder: Builder;
  readonly builds: OpenBuilds;
  readonly results: Results;
  readonly worker: WorkerFacts;
}

export function bridgeEndpoints(deps: BridgeDeps): Endpoint[] {
  const { builder, results, worker } = deps;
  return [
    unary(PING, () => ({ ...CAPS, workers: [toWorker(worker)] })),
    unary(SOLVE, async (request, call) => ({ result: await solve(deps, request, await openOf(deps, call)) })),
    unary(RETURN, async (request, call) => {
      settle(deps, request, await openOf(deps, call));
      return {};
    }),
    unary(EVALUATE, async ({ ref }, call) => {
      const { build } = await openOf(deps, call);
      await translated(builder.evaluate(build, [results.get(ref)]));
      return {};
    }),
    unary(READ_FILE, async ({ ref, filePath, range }, call) => {
      const { build } = await openOf(deps, call);
      const data = await translated(builder.readFile(build, results.get(ref), filePath));
      return { data: range === undefined ? data : data.subarray(range.offset, range.offset + range.length) };
    }),
    unary(WARN, () => ({})),
  ];
}

/** Every call of a frontend says in its metadata which build it belongs to. */
function openOf({ builds }: BridgeDeps, { headers }: Call): Promise<OpenBuild> {
  const { "buildkit-controlapi-buildid": ref } = headers;
  if (typeof ref !== "string") throw invalidParameter("the build's id is missing in the call's metadata");
  return builds.get(ref);
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toBuildError(error);
  }
}

async function solve(
  { builder, results }: BridgeDeps,
  { frontend, frontendOpt, frontendInputs, evaluate }: BridgeSolveRequest,
  { build }: OpenBuild,
): Promise<Partial<Result>> {
  if (frontend !== "dockerfile.v0") {
    throw notImplemented(`frontend ${JSON.stringify(frontend)} is not supported: only dockerfile.v0 is`);
  }
  const inputs = new Map([...frontendInputs].map(([name, definition]) => [name, results.named(definition)]));
  const plan = await translated(builder.plan(build, decodeFrontendOptions({ options: frontendOpt, inputs })));
  if (evaluate) await translated(builder.evaluate(build, plan.results));
  return toResult(results, plan);
}

export function toCacheOption({ type, attrs }: { type: string; attrs: ReadonlyMap<string, string> }) {
  return { type, attributes: attrs };
}

/** One result by itself, several by their platforms. */
function toResult(results: Results, { results: planned, metadata }: Plan): Partial<Result> {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  const told = [...metadata].map(([key, value]): [string, Uint8Array] => [key, bytes(value)]);
  const toRef = (result: PlannedResult) => {
    const id = results.add(result);
    return { id, def: toDefinition(id, result) };
  };
  const [only, ...more] = planned;
  if (only === undefined) return { metadata: new Map(told) };
  if (more.length === 0) {
    return { ref: toRef(only), metadata: new Map([...told, ["containerimage.config", bytes(only.config)]]) };
  }
  const keys = planned.map((result) => platformKey(result));
  const platforms = planned.map(({ platform }, at) => ({ ID: keys[at], Platform: platform }));
  return {
    refs: { refs: new Map(planned.map((result, at) => [keys[at] ?? "", toRef(result)])) },
    metadata: new Map([
      ...told,
      ["refs.platforms", bytes(JSON.stringify({ Platforms: platforms }))],
      ...planned.map((result): [string, Uint8Array] => [
        `containerimage.config/${platformKey(result)}`,
        bytes(result.config),
      ]),
    ]),
  };
}

const platformKey = ({ platform: { os, architecture, variant } }: PlannedResult): string =>
  [os, architecture, variant].filter((word) => word !== "").join("/");

/** The client is answered at once; building and exporting go on under its Solve. */
function settle({ results }: BridgeDeps, { result, error }: MessageOf<typeof ReturnRequest>, open: OpenBuild): void {
  if (error !== undefined) {
    open.returned.reject(fromRpcStatus(error));
    return;
  }
  const ids = result?.ref === undefined ? inOrder(result) : [result.ref];
  open.returned.resolve({ results: ids.filter(({ id }) => id !== "").map(({ id }) => results.get(id)) });
}

/** Maps come in any order; the platforms are told of in theirs. */
function inOrder(result: Result | undefined) {
  const refs = [...(result?.refs?.refs ?? [])];
  const told = Buffer.from(result?.metadata.get("refs.platforms") ?? "{}").toString();
  const { Platforms: platforms } = platformList(parseJson(told) ?? {}, "refs.platforms");
  const at = (key: string): number => platforms.findIndex(({ ID }) => ID === key);
  return refs.toSorted(([a], [b]) => at(a) - at(b)).map(([, ref]) => ref);
}

const emptyPlatform = () => ({ ID: "" });
const platformList = struct("Platforms", () => ({ Platforms: new Array<{ ID: string }>() }), {
  Platforms: list("Platform", struct("Platform", emptyPlatform, { ID: string }), emptyPlatform),
});
