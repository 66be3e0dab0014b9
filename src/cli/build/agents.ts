/** `--ssh`: agents of the user's that a build may sign with. It can ask for identities and signatures, and for nothing else. */
import { statSync } from "node:fs";
import type { Duplex } from "../../base/duplex.ts";
import { connectUnix } from "../../base/socket-stream.ts";
import type { CliEnv } from "../command.ts";
import { absolutePath } from "../container/paths.ts";
import { buildProblem } from "./fields.ts";

/** Paths of sockets by the agent's id. Throws CommandError for what is no agent, in buildx's words. */
export function openAgents(
  { cwd, variables }: Pick<CliEnv, "cwd" | "variables">,
  specs: readonly string[],
): ReadonlyMap<string, string> {
  return new Map(
    specs.map((spec) => {
      const equals = spec.indexOf("=");
      const id = (equals < 0 ? spec : spec.slice(0, equals)) || "default";
      const paths = equals < 0 ? [] : spec.slice(equals + 1).split(",");
      const problem = (reason: string) =>
        buildProblem(`failed to convert agent config {${id} [${paths.join(" ")}] false}: ${reason}`);
      const [path = variables["SSH_AUTH_SOCK"] || ""] = paths;
      if (path === "") throw problem("invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set");
      const about = statSync(absolutePath(cwd, path), { throwIfNoEntry: false });
      const named = `failed to convert agent config for ID: ${JSON.stringify(id)}: `;
      if (about === undefined) throw problem(`${named}stat ${path}: no such file or directory`);
      if (!about.isSocket() || paths.length > 1) {
        throw problem(`${named}${path} is not a socket: start an agent that holds the keys`);
      }
      return [id, absolutePath(cwd, path)] as const;
    }),
  );
}

/** Of the agent's protocol (draft-miller-ssh-agent). */
const REQUEST_IDENTITIES = 11;
const SIGN_REQUEST = 13;
const FAILURE = Uint8Array.of(0, 0, 0, 1, 5);
const LENGTH_BYTES = 4;
const MAX_MESSAGE_BYTES = 256 * 1024;

/** Talks to the agent for a process of the build, until that ends. Each message is answered before the next one. */
export async function* askAgent(socketPath: string, requests: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const agent: Duplex = await connectUnix(socketPath);
  try {
    const answers = messagesOf(agent.readable);
    for await (const request of messagesOf(requests)) {
      const [, , , , type] = request;
      if (type !== REQUEST_IDENTITIES && type !== SIGN_REQUEST) {
        yield FAILURE;
        continue;
      }
      await agent.write(request);
      const { done, value } = await answers.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    agent.close();
  }
}

/** Whole messages with their lengths. Throws for one that is too long. */
async function* messagesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending = Buffer.alloc(0);
  for await (const chunk of chunks) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= LENGTH_BYTES) {
      const length = pending.readUInt32BE();
      if (length > MAX_MESSAGE_BYTES) throw new Error(`a message of ${length} bytes to an ssh agent is too long`);
      if (pending.length < LENGTH_BYTES + length) break;
      yield pending.subarray(0, LENGTH_BYTES + length);
      pending = pending.subarray(LENGTH_BYTES + length);
    }
  }
}
