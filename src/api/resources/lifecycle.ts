/** Containers as processes: start, stop, restart, kill, pause, unpause, resize, wait. */
import { EngineError, invalidParameter } from "../../base/errors.ts";
import { parseResize } from "../../wire/query.ts";
import { type Answer, empty, json, jsonLines } from "../answer.ts";
import type { ContainerBackend, WaitCondition } from "../backend.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";

/** The longest body of a start that is taken for an empty one: "null" and some space. */
const MAX_IGNORED_BODY_BYTES = 7;

export function lifecycleRoutes(backend: ContainerBackend): Route[] {
  const post = (action: string, act: (call: Call) => Promise<void>): Route => ({
    method: "POST",
    pattern: `/containers/{name}/${action}`,
    handle: async (call) => {
      await act(call);
      return empty(204);
    },
  });
  return [
    post("start", (call) => start(backend, call)),
    post("stop", (call) => explained(backend.stop(call.name, stopOptions(call)), asStopFailure(call.name))),
    post("restart", (call) => explained(backend.restart(call.name, stopOptions(call)), asRestartFailure(call.name))),
    post("kill", ({ name, request }) =>
      explained(backend.kill(name, request.query.text("signal")), asKillFailure(name)),
    ),
    post("pause", ({ name }) => backend.pause(name)),
    post("unpause", ({ name }) => backend.unpause(name)),
    { method: "POST", pattern: "/containers/{name}/resize", handle: (call) => resize(backend, call) },
    { method: "POST", pattern: "/containers/{name}/wait", handle: (call) => wait(backend, call) },
  ];
}

async function start(backend: ContainerBackend, { name, request }: Call): Promise<void> {
  if ((request.bodyBytes ?? Number.POSITIVE_INFINITY) > MAX_IGNORED_BODY_BYTES) {
    throw invalidParameter(
      "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
    );
  }
  await backend.start(name);
}

/** Older clients cannot choose the signal. */
function stopOptions({ request: { query }, version }: Call): {
  signal: string | undefined;
  timeoutSec: number | undefined;
} {
  const signal = isBelow(version, "1.42") ? "" : query.text("signal");
  return { signal: signal === "" ? undefined : signal, timeoutSec: query.int("t") };
}

type Explain = (error: EngineError) => string;

/** Passes a refusal on in the words that Docker puts before it. */
async function explained(action: Promise<void>, explain: Explain): Promise<void> {
  try {
    await action;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.kind, explain(error), { cause: error });
  }
}

/** Docker puts this before every reason, once. */
const asKillFailure =
  (name: string): Explain =>
  ({ message }) =>
    message.startsWith("cannot kill container: ") ? message : `cannot kill container: ${name}: ${message}`;

/** That there is no such container, or that it does not run, speaks for itself. */
const asStopFailure =
  (name: string): Explain =>
  ({ kind, message }) =>
    kind === "invalidParameter" ? `cannot stop container: ${name}: ${message}` : message;

const asRestartFailure =
  (name: string): Explain =>
  ({ kind, message }) =>
    kind === "notFound" ? message : `Cannot restart container ${name}: ${message}`;

async function resize(backend: ContainerBackend, { name, request }: Call): Promise<Answer> {
  const { height, width } = parseResize(request.query);
  await backend.resize(name, height, width);
  return empty(200);
}

/** The head is sent at once: clients start the container only when they see that it is waited for. */
async function wait(backend: ContainerBackend, { name, request, version }: Call): Promise<Answer> {
  const condition = waitCondition(request.query.text("condition"));
  const exit = backend.wait(name, condition, request.signal);
  if (isBelow(version, "1.30")) return json(200, await exit);
  exit.catch(() => undefined);
  return jsonLines(one(exit));
}

async function* one<T>(value: Promise<T>): AsyncGenerator<T> {
  yield await value;
}

function waitCondition(text: string): WaitCondition {
  switch (text) {
    case "":
    case "not-running":
      return "not-running";
    case "next-exit":
    case "removed":
      return text;
    default:
      throw invalidParameter(`invalid condition: ${JSON.stringify(text)}`);
  }
}
