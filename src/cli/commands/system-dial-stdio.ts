/** tare system dial-stdio: the engine's socket as standard streams. `docker -H ssh://…` runs it at the other end as `docker system dial-stdio`. */
import { copy } from "../../base/duplex.ts";
import { defineCommand } from "../command.ts";

export const command = defineCommand({
  usage: "",
  flags: {},
  args: [0, 0],
  /** The engine decides when it is over: standard input may never end, and its end is only ours. */
  async run(context) {
    const { stdin, stdout } = context.io;
    const stream = await (await context.client()).dial();
    try {
      const answer = copy(stream.readable, stdout);
      const asked = copy(stdin, stream).then(() => stream.end());
      await Promise.race([answer, asked.then(() => answer)]);
      return 0;
    } finally {
      stream.close();
    }
  },
});
