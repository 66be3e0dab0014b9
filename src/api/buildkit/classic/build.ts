/** `POST /build`: an archive or an address in, lines of progress out, an image in the store at the end. */
import { messageOf, systemError } from "../../../base/errors.ts";
import { shortId } from "../../../base/ids.ts";
import type {
  Build,
  Builder,
  BuildResult,
  ContextSource,
  OpenRecord,
  Plan,
  PlannedStep,
} from "../../../build/builder.ts";
import { BaseFailure } from "../../../build/failure.ts";
import type { ProgressEvent } from "../../../build/progress.ts";
import { StatusResponse } from "../../../wire/buildkit/control.ts";
import { encode } from "../../../wire/protobuf/message.ts";
import { readConfigHeader } from "../../../wire/registry-auth.ts";
import { type Answer, progressLines } from "../../answer.ts";
import type { Request } from "../../http/message.ts";
import { primed } from "../../resources/primed.ts";
import type { SessionRegistry } from "../session/registry.ts";
import { toStatus } from "../status-messages.ts";
import { clientOf } from "./client.ts";
import { type ClassicOptions, decodeClassicOptions } from "./options.ts";
import { StepTeller, stepLines } from "./steps.ts";
import { inClassicWords } from "./words.ts";

export interface ClassicDeps {
  readonly builder: Builder;
  readonly sessions: SessionRegistry;
  /** Builds that run, to be cancelled by their names. */
  readonly running: Map<string, AbortController>;
}

/** What is wrong with the text of a Dockerfile was always an HTTP error, and with BuildKit is the last line, as everything is. */
export async function classicBuild(deps: ClassicDeps, request: Request): Promise<Answer> {
  const remote = request.query.text("remote");
  const received = remote === "" || remote === "client-session" ? await deps.builder.receive(request.body) : undefined;
  const context =
    received === undefined ? remoteContext(remote) : ({ from: "directory", path: received.path } as const);
  const lines = run(deps, request, { context, ...ending(request, received?.release) });
  return progressLines(request.query.text("version") === "2" ? lines : await primed(lines));
}

function remoteContext(remote: string): ContextSource {
  if (/^(?:git|ssh):\/\/|^git@|^github\.com\/|\.git(?:[#?]|$)/.test(remote)) return { from: "git", url: remote };
  if (/^https?:\/\//.test(remote)) return { from: "http", url: remote };
  throw systemError(`remoteURL (${remote}) could not be recognized as URL`);
}

interface Ending {
  readonly aborter: AbortController;
  readonly end: () => Promise<void>;
}

async function* run(
  deps: ClassicDeps,
  request: Request,
  { context, aborter, end }: Ending & { readonly context: ContextSource },
): AsyncGenerator<unknown> {
  try {
    const options = decodeClassicOptions(request.query, context);
    deps.running.set(options.ref, aborter);
    aborter.signal.addEventListener("abort", () => deps.running.delete(options.ref), { once: true });
    yield* build(deps, request, { options, signal: AbortSignal.any([request.signal, aborter.signal]) });
  } finally {
    await end();
  }
}

/** The end of everything, once: of what is told, or of a client that has left before it was told anything. */
function ending({ signal }: Request, release: (() => Promise<void>) | undefined): Ending {
  const aborter = new AbortController();
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => {
    aborter.abort(new Error("context canceled"));
    ended ??= release?.() ?? Promise.resolve();
    return ended;
  };
  // What cannot be deleted now is at the next start.
  signal.addEventListener("abort", () => void end().catch(() => undefined), { once: true });
  return { aborter, end };
}

interface Running {
  readonly options: ClassicOptions;
  readonly signal: AbortSignal;
}

async function* build(deps: ClassicDeps, request: Request, { options, signal }: Running): AsyncGenerator<unknown> {
  const { builder, sessions } = deps;
  const { ref, frontend, exporters, cacheExports, sessionId } = options;
  const attributes = new Map([
    ["filename", frontend.dockerfile.fileName],
    ["target", frontend.target],
  ]);
  const record = builder.history.begin({ ref, internal: false, attributes, exporters });
  const keyring = readConfigHeader(request.headers.get("x-registry-config"));
  const session = sessionId === "" ? clientOf(keyring, signal) : await sessions.get(sessionId);
  // Whoever may send a build here may run a container on the host's network as well.
  const entitlements = ["network.host"];
  const about: Build = {
    ref,
    session,
    sessionOf: (id) => sessions.get(id),
    entitlements,
    report: record.report,
    signal,
  };
  try {
    const plan = await builder.plan(about, frontend);
    const outputs = { exporters, cacheExports, attestations: new Map(), request: attributes };
    const finishing = builder.finish(about, plan.results, outputs);
    yield* follow(deps, { options, plan, record, signal, finishing });
  } catch (error) {
    const isNews = record.end({ error: messageOf(error) });
    // Nobody has been told anything yet: what is wrong with the file may have been warned of.
    if (isNews && options.version === 2) yield* traceLines(builder, ref, signal);
    if (options.version === 2) throw error;
    if (error instanceof BaseFailure) yield* stepLines(error.step);
    throw inClassicWords(error);
  }
}

async function* traceLines({ history }: Builder, ref: string, signal: AbortSignal): AsyncGenerator<unknown> {
  for await (const event of history.progress(ref, signal)) yield traceLine(event);
}

interface Following {
  readonly options: ClassicOptions;
  readonly plan: Plan;
  readonly record: OpenRecord;
  readonly signal: AbortSignal;
  readonly finishing: Promise<BuildResult>;
}

/** Tells the progress until the build has ended, and then what came of it. */
async function* follow({ builder }: ClassicDeps, following: Following): AsyncGenerator<unknown> {
  const { options, plan, record, signal, finishing } = following;
  const ended = finishing.then(
    ({ answers, attachments }) => record.end({ answers, attachments }),
    (error: unknown) => record.end({ error: messageOf(error) }),
  );
  const teller = new StepTeller([...plan.steps, ...labelSteps(options)], options);
  for await (const event of builder.history.progress(options.ref, signal)) {
    if (options.version === 2) yield traceLine(event);
    else if (!options.quiet) yield* teller.take(event);
  }
  await ended;
  const { imageId } = await finishing;
  if (options.version === 1 && !options.quiet) yield* teller.finish();
  if (options.version === 1 && plan.unusedArgs.length > 0) yield unusedArgsLine(plan.unusedArgs);
  yield* result(options, imageId);
}

const unusedArgsLine = (names: readonly string[]): unknown => ({
  stream: `[Warning] One or more build-args [${names.join(" ")}] were not consumed\n`,
});

/** The client's labels were instructions of their own, after those of the file. */
function labelSteps({ frontend: { labels } }: ClassicOptions): PlannedStep[] {
  const names = [...labels.keys()].toSorted();
  return names.map((name) => ({
    text: `LABEL ${name}=${labels.get(name) ?? ""}`,
    vertex: undefined,
    isTrigger: false,
  }));
}

const traceLine = (event: ProgressEvent): unknown => ({
  id: "moby.buildkit.trace",
  aux: Buffer.from(encode(StatusResponse, toStatus(event))).toString("base64"),
});

function* result({ version, quiet, tags }: ClassicOptions, imageId: string | undefined): Generator<unknown> {
  if (imageId === undefined) return;
  if (version === 2) {
    yield { id: "moby.image.id", aux: { ID: imageId } };
    return;
  }
  if (quiet) {
    yield { stream: `${imageId}\n` };
    return;
  }
  yield { aux: { ID: imageId } };
  yield { stream: `Successfully built ${shortId(imageId)}\n` };
  for (const tag of tags) yield { stream: `Successfully tagged ${tag.includes(":") ? tag : `${tag}:latest`}\n` };
}
