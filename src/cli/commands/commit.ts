/** tare commit: make an image of a container. */
import { defineCommand } from "../command.ts";
import { listFlag, switchFlag, textFlag } from "../flag-kinds.ts";
import { splitReference } from "../reference.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
  flags: {
    author: textFlag('Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")', { short: "a" }),
    change: listFlag("Apply Dockerfile instruction to the created image", { short: "c" }),
    message: textFlag("Commit message", { short: "m" }),
    pause: switchFlag("Pause container during commit", { short: "p", initial: true }),
  },
  args: [1, 2],
  async run(context, { flags, args }) {
    const { io } = context;
    const [container = "", name = ""] = args;
    const { repository: repo, tag } = splitReference(name);
    const { author, change: changes, message: comment, pause } = flags;
    const { containers } = await context.client();
    const { Id } = await containers.commit(container, { repo, tag, author, changes, comment, pause });
    await io.stdout.write(`${Id}\n`);
    return 0;
  },
});
