/** tare cp: files between a container and the local file system. */
import { defineCommand } from "../command.ts";
import { parsePlace } from "../copy/argument.ts";
import { download } from "../copy/download.ts";
import { upload } from "../copy/upload.ts";
import { CommandError } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\ttare cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
  flags: {
    archive: switchFlag("Archive mode (copy all uid/gid information)", { short: "a" }),
    "follow-link": switchFlag("Always follow symbol link in SRC_PATH", { short: "L" }),
    quiet: switchFlag(
      "Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached",
      { short: "q" },
    ),
  },
  args: [2, 2],
  async run(context, { flags, given, args: [source = "", destination = ""] }) {
    if (source === "") throw new CommandError("source can not be empty");
    if (destination === "") throw new CommandError("destination can not be empty");
    const from = parsePlace(source);
    const to = parsePlace(destination);
    const quiet = given.has("quiet") ? flags.quiet : !context.io.isTerminal(1);
    const options = { followLink: flags["follow-link"], archive: flags.archive, quiet };
    if (from.container !== "" && to.container !== "") {
      throw new CommandError("copying between containers is not supported");
    }
    if (from.container !== "") await download(context, from, to.path, options);
    else if (to.container !== "") await upload(context, from.path, to, options);
    else throw new CommandError("must specify at least one container source");
    return 0;
  },
});
