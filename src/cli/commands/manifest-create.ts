/** tare manifest create: begins a manifest list out of images that registries have. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";
import { neutralise } from "../neutralise.ts";
import { openManifestStore } from "../registry/manifest-store.ts";
import { familiarName, splitName, withDefaultTag } from "../registry/name.ts";
import { fetchManifest } from "../registry/remote.ts";

export const command = defineCommand({
  usage: "MANIFEST_LIST MANIFEST [MANIFEST...]",
  flags: {
    amend: switchFlag("Amend an existing manifest list", { short: "a" }),
    insecure: switchFlag("Allow communication with an insecure registry"),
  },
  args: [2, Number.POSITIVE_INFINITY],
  async run(context, { flags: { amend, insecure }, args }) {
    const [list, ...images] = args.map((text) => withDefaultTag(splitName(text)));
    if (list === undefined) return 1;
    const store = openManifestStore(context.env.configDir);
    if (!amend && (await store.list(list)) !== undefined) {
      throw new CommandError("refusing to amend an existing manifest list with no --amend flag");
    }
    const manifests = await Promise.all(
      images.map(async (image) => (await store.get(list, image)) ?? fetchManifest(context, image, insecure)),
    );
    for (const manifest of manifests) {
      if (!/\.manifest\.(?:v1|v2)\+json$/.test(manifest.Descriptor.mediaType)) {
        throw new CommandError(`${familiarName(splitName(manifest.Ref))} is a manifest list`);
      }
      await store.put(list, manifest);
    }
    await context.io.stdout.write(neutralise(`Created manifest list ${familiarName(list)}\n`));
    return 0;
  },
});
