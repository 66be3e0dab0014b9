/** The Engine API spoken directly, for hundreds of requests where a docker client for each would take too long. */

import { FrameSplitter } from "../../src/wire/multiplex.ts";
import type { TestEngine } from "../harness/engine.ts";

export interface Execution {
  readonly exitCode: number;
  /** Of both streams, in the order in which they came. */
  readonly output: string;
}

/** Fields of an exec's creation other than Cmd, as in the API. */
export interface ExecOptions {
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Privileged?: boolean;
}

/** Runs a command in a container to its end. A refusal is an error with the engine's words. */
export async function execute(
  engine: TestEngine,
  container: string,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<Execution> {
  const request = { Cmd: command, AttachStdout: true, AttachStderr: true, ...options };
  const created = await post(engine, `/containers/${container}/exec`, request);
  const { Id } = decode<{ Id: string }>(await created.json());
  const started = await post(engine, `/exec/${Id}/start`, { Detach: false, Tty: false });
  const bytes = new Uint8Array(await started.arrayBuffer());
  const payloads = new FrameSplitter().push(bytes).map(({ payload }) => payload);
  const inspected = await call(engine, "GET", `/exec/${Id}/json`);
  const { ExitCode } = decode<{ ExitCode: number }>(await inspected.json());
  return { exitCode: ExitCode, output: Buffer.concat(payloads).toString() };
}

export const post = (engine: TestEngine, path: string, body: unknown): Promise<Response> =>
  call(engine, "POST", path, JSON.stringify(body));

async function call(engine: TestEngine, method: string, path: string, body?: string): Promise<Response> {
  const response = await fetch(`http://engine/v1.47${path}`, {
    unix: engine.socketPath,
    method,
    headers: { "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

/** What the API promises; a test that trusts it wrongly fails. */
function decode<T>(value: unknown): T {
  return value as T;
}
