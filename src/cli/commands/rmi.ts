/** tare rmi: remove images and their names. */
import { isStatus } from "../../client/errors.ts";
import type { ImageDeleteItem } from "../../wire/image.ts";
import { defineCommand } from "../command.ts";
import { eachOf } from "../each.ts";
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
    const remove = async (ref: string): Promise<string> => {
      const removed = await images.remove(ref, options);
      return removed.map(removalText).join("");
    };
    // What is to be gone by force and is not there is no failure.
    return eachOf(context, args, remove, (error) => !flags.force || !isStatus(error, 404));
  },
});

const removalText = ({ Deleted, Untagged }: ImageDeleteItem): string =>
  Deleted ? `Deleted: ${Deleted}\n` : `Untagged: ${Untagged ?? ""}\n`;
