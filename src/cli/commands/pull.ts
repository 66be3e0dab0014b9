/** tare pull: an image, or all of a repository, out of a registry. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import { neutralise } from "../neutralise.ts";
import { openKeyring } from "../registry/keyring.ts";
import { canonicalName, type ImageName, splitName, withDefaultTag } from "../registry/name.ts";
import { showTransfer } from "../transfer/show.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NAME[:TAG|@DIGEST]",
  flags: {
    "all-tags": switchFlag("Download all tagged images in the repository", { short: "a" }),
    "disable-content-trust": switchFlag("Skip image verification (accepted, not used)", {
      initial: true,
      hidden: true,
    }),
    platform: textFlag("Set platform if server is multi-platform capable"),
    quiet: switchFlag("Suppress verbose output", { short: "q" }),
  },
  args: [1, 1],
  async run(context, { flags, args }) {
    const { io, env } = context;
    const { quiet } = flags;
    const platform = flags.platform || env.variables["DOCKER_DEFAULT_PLATFORM"] || "";
    const [image = ""] = args;
    const name = wantedName(image, flags["all-tags"]);
    if (!quiet && name.tag !== splitName(image).tag) await io.stdout.write(`Using default tag: ${name.tag}\n`);
    const auth = await (await openKeyring(env)).forImage(image);
    const { registries } = await context.client();
    const lines = registries.pull(name.repository, name.digest || name.tag, {
      platform,
      auth,
      sizes: io.isTerminal(1) && !quiet,
    });
    await showTransfer({ io, env, fd: 1, quiet, unit: "layer" }, lines);
    await io.stdout.write(neutralise(`${canonicalName(name)}\n`));
    return 0;
  },
});

function wantedName(image: string, allTags: boolean): ImageName {
  const name = splitName(image);
  if (!allTags) return withDefaultTag(name);
  if (name.tag !== "" || name.digest !== "") throw new CommandError("tag can't be used with --all-tags/-a");
  return name;
}
