/** tare volume restore: give a volume the contents it had at a snapshot. Not a command of docker's. */
import { defineCommand } from "../command.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "VOLUME SNAPSHOT",
  flags: {},
  args: [2, 2],
  async run({ client, io }, { args: [volume = "", snapshot = ""] }) {
    const { volumes } = await client();
    await showProgress(io, volumes.restore(volume, snapshot));
    return 0;
  },
});
