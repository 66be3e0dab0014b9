/** tare image verify: whether images are still what their digests say, and how to get back what is not. */
import { defineCommand } from "../command.ts";
import { switchFlag } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";
import { openKeyring } from "../registry/keyring.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [IMAGE...]",
  flags: { repair: switchFlag("Fetch again what is damaged, from the registry it came from") },
  args: [0, Number.POSITIVE_INFINITY],
  async run(context, { flags: { repair }, args }) {
    const { images, registries } = await context.client();
    const sources = repair ? (await images.list({ all: true })).flatMap(({ RepoDigests }) => RepoDigests) : [];
    const auths = await (await openKeyring(context.env)).forImages(sources);
    await showProgress(context.io, registries.verify(args, { repair, auths }));
    return 0;
  },
});
