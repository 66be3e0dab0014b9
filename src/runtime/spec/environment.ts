/** The environment of a process: Docker's own variables, the image's and the user's, in Docker's order. Pure. */
import { Refusal } from "../driver/failure.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface EnvironmentRequest {
  readonly hostname: string;
  readonly terminal: boolean;
  /** Where the user lives; HOME unless the others say otherwise. */
  readonly home: string;
  /** "NAME=value" sets, "NAME" alone removes; later lists count more. */
  readonly layers: readonly (readonly string[])[];
}

/** A variable that is set again keeps its place (moby ReplaceOrAppendEnvValues). Throws a Refusal of what execve(2) cannot take. */
export function toEnvironment({ hostname, terminal, home, layers }: EnvironmentRequest): string[] {
  const variables = new Map<string, string>([["PATH", DEFAULT_PATH]]);
  if (hostname !== "") variables.set("HOSTNAME", hostname);
  if (terminal) variables.set("TERM", "xterm");
  for (const entry of layers.flat()) {
    const at = entry.indexOf("=");
    checkVariable(entry, at);
    if (at < 0) variables.delete(entry);
    else variables.set(entry.slice(0, at), entry.slice(at + 1));
  }
  if (!variables.has("HOME")) variables.set("HOME", home);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

function checkVariable(entry: string, at: number): void {
  if (at === 0) throw new Refusal("process", "invalid environment variable: name cannot be empty");
  if (at > 0 && entry.includes("\0")) {
    const name = JSON.stringify(entry.slice(0, at));
    throw new Refusal("process", `invalid environment variable ${name}: contains nul byte (\\x00)`);
  }
}
