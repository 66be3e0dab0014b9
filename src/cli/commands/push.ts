/** tare push: an image, or all tags of a repository, into a registry. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";
import { neutralise } from "../neutralise.ts";
import { platformFlag, platformJson } from "../platform-flag.ts";
import { openKeyring } from "../registry/keyring.ts";
import { canonicalName, type ImageName, splitName, withDefaultTag } from "../registry/name.ts";
import { showTransfer } from "../transfer/show.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NAME[:TAG]",
  flags: {
    "all-tags": switchFlag("Push all tags of an image to the repository", { short: "a" }),
    "disable-content-trust": switchFlag("Skip image signing (accepted, not used)", { initial: true, hidden: true }),
    platform: platformFlag("Push a platform-specific manifest as a single-platform image to the registry"),
    quiet: switchFlag("Suppress verbose output", { short: "q" }),
  },
  args: [1, 1],
  async run(context, { flags, args }) {
    const { io, env } = context;
    const { quiet } = flags;
    const [image = ""] = args;
    const name = wantedName(image, flags["all-tags"]);
    const platform = platformJson(flags.platform, "invalid platform: ");
    if (!quiet && name.tag !== splitName(image).tag) await io.stdout.write(`Using default tag: ${name.tag}\n`);
    const auth = await (await openKeyring(env)).forImage(image);
    const { registries } = await context.client();
    const lines = registries.push(name.repository, name.tag, { platform, auth });
    await showTransfer({ io, env, fd: 1, quiet, unit: "layer" }, lines);
    if (quiet) await io.stdout.write(neutralise(`${canonicalName(name)}\n`));
    return 0;
  },
});

function wantedName(image: string, allTags: boolean): ImageName {
  const name = splitName(image);
  if (name.digest !== "") throw new CommandError("cannot push a digest reference");
  if (!allTags) return withDefaultTag(name);
  if (name.tag !== "") throw new CommandError("tag can't be used with --all-tags/-a");
  return name;
}
