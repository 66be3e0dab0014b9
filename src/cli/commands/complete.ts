/** tare __complete: what completion scripts ask. It never starts an engine and never complains. */
import { createClient } from "../../client/client.ts";
import { type Context, defineCommand } from "../command.ts";
import { candidates } from "../completion/candidates.ts";
import { objectNames } from "../completion/objects.ts";
import { neutraliseLine } from "../neutralise.ts";

const UNIX = "unix://";

export const command = defineCommand({
  usage: "-- WORD...",
  flags: {},
  args: [0, Number.POSITIVE_INFINITY],
  interspersed: false,
  async run(context, { args }) {
    const found = await candidates(args, (key, given) => namesFrom(context, key, given));
    const lines = found.map(({ word, about }) => neutraliseLine(word) + (about === "" ? "" : `\t${about}`));
    await context.io.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return 0;
  },
});

async function namesFrom({ host }: Context, key: string, given: readonly string[]): Promise<readonly string[]> {
  if (!host.startsWith(UNIX)) return [];
  const client = createClient({ socketPath: host.slice(UNIX.length) });
  try {
    return await objectNames(client, key, given);
  } catch {
    // Without an engine there are no names; a shell in the middle of a line is no place to say so.
    return [];
  } finally {
    client.close();
  }
}
