/** tare manifest annotate: says for which platform an image of a list is. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { listFlag, textFlag } from "../flag-kinds.ts";
import { isKnownPlatform } from "../registry/manifest-list.ts";
import { type ListedPlatform, openManifestStore } from "../registry/manifest-store.ts";
import { familiarName, splitName, withDefaultTag } from "../registry/name.ts";

export const command = defineCommand({
  usage: "[OPTIONS] MANIFEST_LIST MANIFEST",
  flags: {
    arch: textFlag("Set architecture"),
    os: textFlag("Set operating system"),
    "os-features": listFlag("Set operating system feature", { placeholder: "strings" }),
    "os-version": textFlag("Set operating system version"),
    variant: textFlag("Set architecture variant"),
  },
  args: [2, 2],
  async run({ env }, { flags, args }) {
    const [list, image] = args.map((text) => withDefaultTag(splitName(text)));
    if (list === undefined || image === undefined) return 1;
    const store = openManifestStore(env.configDir);
    const found = await store.get(list, image);
    if (found === undefined) {
      throw new CommandError(`manifest for image ${familiarName(image)} does not exist in ${familiarName(list)}`);
    }
    const platform = annotated(found.Descriptor.platform ?? { architecture: "", os: "" }, flags);
    if (!isKnownPlatform(platform.os, platform.architecture)) {
      const pair = `${platform.os}/${platform.architecture}`;
      throw new CommandError(`manifest entry for image has unsupported os/arch combination: ${pair}`);
    }
    await store.put(list, { ...found, Descriptor: { ...found.Descriptor, platform } });
    return 0;
  },
});

interface Annotations {
  readonly arch: string;
  readonly os: string;
  readonly variant: string;
  readonly "os-version": string;
  readonly "os-features": readonly string[];
}

/** What is not given stays. */
function annotated(platform: ListedPlatform, given: Annotations): ListedPlatform {
  const features = given["os-features"].flatMap((text) => text.split(","));
  return {
    ...platform,
    ...(given.arch === "" ? {} : { architecture: given.arch }),
    ...(given.os === "" ? {} : { os: given.os }),
    ...(given.variant === "" ? {} : { variant: given.variant }),
    ...(given["os-version"] === "" ? {} : { "os.version": given["os-version"] }),
    ...(features.length === 0 ? {} : { "os.features": [...(platform["os.features"] ?? []), ...features] }),
  };
}
