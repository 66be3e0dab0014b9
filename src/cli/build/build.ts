/** One build from its request to its result: progress while it goes on, and afterwards what there is to say. */
import { messageOf } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { GrpcClient } from "../../grpc/client.ts";
import { SOLVE, STATUS } from "../../grpc/control-methods.ts";
import type { Endpoint } from "../../grpc/method.ts";
import { CODE, GrpcError } from "../../grpc/status.ts";
import type { SolveRequest } from "../../wire/buildkit/control.ts";
import type { Sendable } from "../../wire/protobuf/message.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../errors.ts";
import { neutralise } from "../neutralise.ts";
import { openControl, openSession } from "./connection.ts";
import { failedLines, failedSteps, warningsText } from "./display/failure.ts";
import { BuildModel } from "./display/model.ts";
import { type ProgressMode, showBuild } from "./display/show.ts";

export interface BuildJob {
  readonly ref: string;
  /** Without its names and session. */
  readonly request: Sendable<SolveRequest>;
  readonly endpoints: readonly Endpoint[];
  readonly sharedKey: string;
  readonly mode: ProgressMode;
  /** Tells all there is to say of each warning. */
  readonly debug: boolean;
}

/** What the engine answers, such as "containerimage.digest". */
export type BuildAnswers = ReadonlyMap<string, string>;

/** What a shell reports for a program that SIGINT ended. */
const EXIT_INTERRUPTED = 130;

/** Throws CommandError for a build that failed, with everything said that there is to say. */
export async function runBuild(context: Context, client: Client, job: BuildJob): Promise<BuildAnswers> {
  const { io, env } = context;
  const { ref, request, mode } = job;
  using control = await openControl(client);
  using session = await openSession(client, job.sharedKey, job.endpoints);
  const solving = solve(context, control, { ...request, ref, session: session.id, frontend: "dockerfile.v0" });
  const model = new BuildModel();
  const shown = showBuild({ io, env, mode }, model, progressOf(control, ref));
  const [answers] = await Promise.allSettled([solving, shown]);
  if (answers.status === "rejected") throw await failureOf(context, job, model, answers.reason);
  await shown;
  if (mode !== "quiet" && mode !== "rawjson") await io.stderr.write(warningsText(model.warnings, job.debug));
  return answers.value;
}

/** Interrupted once, the build is given up in order; a second time, at once. */
async function solve({ io }: Context, control: GrpcClient, request: Sendable<SolveRequest>): Promise<BuildAnswers> {
  const call = control.open(SOLVE);
  let interrupts = 0;
  using _interrupted = io.onSignal("SIGINT", () => (interrupts++ === 0 ? call.cancel() : control.close()));
  using _terminated = io.onSignal("SIGTERM", () => (interrupts++ === 0 ? call.cancel() : control.close()));
  try {
    await call.send(request);
    call.end();
    let answers: BuildAnswers = new Map();
    for await (const { exporterResponse } of call.answers) answers = exporterResponse;
    return answers;
  } catch (error) {
    if (interrupts > 0) throw new Interrupted("failed to solve: Canceled: context canceled", { cause: error });
    throw error;
  }
}

class Interrupted extends Error {}

/** A build that never began has no progress to show. */
async function* progressOf(control: GrpcClient, ref: string) {
  const call = control.open(STATUS);
  await call.send({ ref });
  call.end();
  try {
    yield* call.answers;
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
  }
}

async function failureOf(
  { io }: Context,
  { mode, debug }: BuildJob,
  model: BuildModel,
  error: unknown,
): Promise<CommandError> {
  if (error instanceof Interrupted)
    return new CommandError(`ERROR: failed to build: ${error.message}`, EXIT_INTERRUPTED, { cause: error });
  if (!(error instanceof GrpcError))
    return new CommandError(`ERROR: failed to build: ${messageOf(error)}`, 1, { cause: error });
  if (error.code === CODE.unavailable)
    return new CommandError(`ERROR: failed to build: the engine is gone: ${neutralise(error.message)}`, 1, {
      cause: error,
    });
  const warnings = mode === "rawjson" ? "" : warningsText(model.warnings, debug);
  await io.stderr.write(failedSteps(model) + warnings + failedLines(error));
  return new CommandError(`ERROR: failed to build: failed to solve: ${error.message}`, 1, { cause: error });
}
