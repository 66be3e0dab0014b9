/** tare volume restore: give a volume the contents it had at a snapshot. Not a command of docker's. */
import { defineCommand } from "../command.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "VOLUME SNAPSHOT",
  flags: {},
  args: [2, 2],
  async run(context, { args: [volume = "", snapshot = ""] }) {
    const { volumes } = await context.client();
    await showProgress(context.io, volumes.restore(volume, snapshot));
    return 0;
  },
});
