/** tare rmi: remove images and their names. */
import { isStatus } from "../../client/errors.ts";
import { defineCommand } from "../command.ts";
import { eachOf } from "../each.ts";
import { errorText } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  flags: {
    force: switchFlag("Force removal of the image", { short: "f" }),
    "no-prune": switchFlag("Do not delete untagged parents"),
  },
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, { flags, args }) {
    const { images } = await context.client();
    const options = { force: flags.force, noprune: flags["no-prune"] };
    let missing = "";
    const code = await eachOf(context, args, async (ref) => {
      try {
        const removed = await images.remove(ref, options);
        return removed
          .map(({ Deleted, Untagged }) => (Deleted ? `Deleted: ${Deleted}\n` : `Untagged: ${Untagged ?? ""}\n`))
          .join("");
      } catch (error) {
        // What is to be gone by force and is not there is no failure.
        if (!flags.force || !isStatus(error, 404)) throw error;
        missing += `${errorText(error)}\n`;
        return "";
      }
    });
    if (missing !== "") await context.io.stderr.write(missing);
    return code;
  },
});
