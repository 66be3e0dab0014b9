/** tare wait: wait for containers to stop, one after the other, and print their exit codes. */
import { defineCommand } from "../command.ts";
import { CommandError, errorText } from "../errors.ts";

export const command = defineCommand({
  usage: "CONTAINER [CONTAINER...]",
  flags: {},
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { args }) {
    const { containers } = await context.client();
    const errors: string[] = [];
    for (const ref of args) {
      try {
        const { exit } = await containers.wait(ref, "not-running");
        const { StatusCode, Error: failure } = await exit;
        if (failure) throw new CommandError(failure.Message);
        await context.io.stdout.write(`${StatusCode}\n`);
      } catch (error) {
        errors.push(`${errorText(error)}\n`);
      }
    }
    if (errors.length > 0) await context.io.stderr.write(errors.join(""));
    return errors.length > 0 ? 1 : 0;
  },
});
