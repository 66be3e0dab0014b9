/** From how a container ended, or failed to start, to the exit code of the command. */
import { messageOf } from "../../base/errors.ts";
import type { WaitResponse } from "../../wire/container.ts";
import { errorText } from "../errors.ts";
import type { Io } from "../io.ts";

const ENGINE_FAILED = 125;

/** The container's own code; 125 when the engine could not tell. */
export async function exitCodeOf(io: Io, exit: Promise<WaitResponse>): Promise<number> {
  try {
    const { StatusCode: code, Error: problem } = await exit;
    if (!problem?.Message) return code;
    await io.stderr.write(`Error waiting for container: ${errorText(new Error(problem.Message))}\n`);
  } catch (error) {
    await io.stderr.write(`error waiting for container: ${errorText(error)}\n`);
  }
  return ENGINE_FAILED;
}

/** 127 for a command that is not there, 126 for one that cannot be executed, 125 for the rest (docker/cli's toStatusError). */
export function startFailureCode(error: unknown): number {
  const message = messageOf(error);
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(message))
    return 127;
  return /permission denied|is a directory/.test(message) ? 126 : ENGINE_FAILED;
}
