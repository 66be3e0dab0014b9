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
import { openControl, openSession } from "./connection.ts";
import { failedLines, failedSteps, warningsText } from "./display/failure.ts";
import { BuildModel } from "./display/model.ts";
import { type ProgressMode, showBuild } from "./display/show.ts";
import { buildProblem } from "./fields.ts";

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

const CANCELED = "ERROR: failed to build: failed to solve: Canceled: context canceled";
/** What a shell reports for a program that such a signal ended. */
const EXITS = { SIGINT: 130, SIGTERM: 143 } as const;

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
  let interrupted: keyof typeof EXITS | undefined;
  const interrupt = (signal: keyof typeof EXITS) => (): void => {
    if (interrupted === undefined) call.cancel();
    else control.close();
    interrupted ??= signal;
  };
  using _interrupted = io.onSignal("SIGINT", interrupt("SIGINT"));
  using _terminated = io.onSignal("SIGTERM", interrupt("SIGTERM"));
  try {
    await call.send(request);
    call.end();
    let answers: BuildAnswers = new Map();
    for await (const { exporterResponse } of call.answers) answers = exporterResponse;
    return answers;
  } catch (error) {
    if (interrupted === undefined) throw error;
    throw new CommandError(CANCELED, EXITS[interrupted], { cause: error });
  }
}

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
  if (error instanceof CommandError) return error;
  if (!(error instanceof GrpcError)) return buildProblem(messageOf(error), error);
  if (error.code === CODE.unavailable) return buildProblem(`the engine is gone: ${error.message}`, error);
  const warnings = mode === "rawjson" ? "" : warningsText(model.warnings, debug);
  await io.stderr.write(failedSteps(model) + warnings + failedLines(error));
  return buildProblem(`failed to solve: ${error.message}`, error);
}
