/** tare build: an image, or files, from a Dockerfile. */
import { BUILD_FLAGS, type BuildFlags } from "../build/flags.ts";
import { type Context, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PATH | URL | -",
  flags: BUILD_FLAGS,
  args: [1, 1],
  async run(context, { flags, args }) {
    const mode = progressMode(context, flags);
    // Nothing of it is read for help, completion and wrong flags.
    const { buildFrom } = await import("../build/command.ts");
    const [path = ""] = args;
    return buildFrom(context, { flags, path, mode });
  },
});

function progressMode({ io, env }: Context, { progress, quiet }: BuildFlags): "plain" | "quiet" | "rawjson" | "tty" {
  const wished = progress === "auto" ? env.variables["BUILDKIT_PROGRESS"] || "auto" : progress;
  if (quiet && (wished === "auto" || wished === "quiet")) return "quiet";
  switch (wished) {
    case "auto":
      return io.isTerminal(2) ? "tty" : "plain";
    case "none":
      return "quiet";
    case "plain":
    case "quiet":
    case "rawjson":
      return wished;
    case "tty":
      if (!io.isTerminal(2)) throw new CommandError("ERROR: failed to get console: provided file is not a console");
      return wished;
    default:
      throw new CommandError(`ERROR: invalid progress mode ${wished}`);
  }
}
