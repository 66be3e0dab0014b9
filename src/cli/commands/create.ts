/** `tare create`: a container that waits for `start`. */
import { defineCommand } from "../command.ts";
import { createContainer, prepareBody } from "../container/create.ts";
import { CREATE_FLAGS } from "../container/flags.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  flags: CREATE_FLAGS,
  args: [1, Number.POSITIVE_INFINITY],
  interspersed: false,
  async run(context, input) {
    const body = await prepareBody(context, input);
    const id = await createContainer(context, input.flags, body);
    await context.io.stdout.write(`${id}\n`);
    return 0;
  },
});
