/** tare __complete: what completion scripts ask. It never starts an engine and never complains. */
import { createClient } from "../../client/client.ts";
import { CLI_API_VERSION } from "../api-version.ts";
import { type Context, defineCommand } from "../command.ts";
import { candidates } from "../completion/candidates.ts";
import { objectNames } from "../completion/objects.ts";
import { parseFlags } from "../flags.ts";
import { GLOBAL_FLAGS } from "../global-flags.ts";
import { neutraliseLine } from "../neutralise.ts";

const UNIX = "unix://";

export const command = defineCommand({
  usage: "-- WORD...",
  flags: {},
  args: [0, Number.POSITIVE_INFINITY],
  interspersed: false,
  async run(context, { args }) {
    const socketPath = socketOf(context, args);
    const found = await candidates(args, (key, given) => namesFrom(socketPath, key, given));
    const lines = found.map(({ word, about }) => neutraliseLine(word) + (about === "" ? "" : `\t${about}`));
    await context.io.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return 0;
  },
});

/** The line that is completed may name another engine than the environment does. */
function socketOf(context: Context, words: readonly string[]): string {
  let host = context.host;
  try {
    const { values } = parseFlags(GLOBAL_FLAGS, words, false);
    host = values.host ?? (values.run === undefined ? host : `${UNIX}${values.run}/tare.sock`);
  } catch {
    // A line in the making may be wrong still.
  }
  return host.startsWith(UNIX) ? host.slice(UNIX.length) : "";
}

async function namesFrom(socketPath: string, key: string, given: readonly string[]): Promise<readonly string[]> {
  const client = createClient({ socketPath, version: CLI_API_VERSION });
  try {
    return await objectNames(client, key, given);
  } catch {
    // Without an engine there are no names; a shell in the middle of a line is no place to say so.
    return [];
  } finally {
    client.close();
  }
}
