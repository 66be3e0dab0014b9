/** tare manifest push: a manifest list, and what it lists, into a registry. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";
import { neutralise } from "../neutralise.ts";
import { openKeyring } from "../registry/keyring.ts";
import { writeList } from "../registry/manifest-list.ts";
import { openManifestStore } from "../registry/manifest-store.ts";
import { canonicalName, familiarName, splitName, withDefaultTag } from "../registry/name.ts";

export const command = defineCommand({
  usage: "[OPTIONS] MANIFEST_LIST",
  flags: {
    insecure: switchFlag("Allow push to an insecure registry"),
    purge: switchFlag("Remove the local manifest list after push", { short: "p" }),
  },
  args: [1, 1],
  async run(context, { flags: { insecure, purge }, args }) {
    const list = withDefaultTag(splitName(args[0] ?? ""));
    const store = openManifestStore(context.env.configDir);
    const manifests = await store.list(list);
    if (manifests === undefined) throw new CommandError(`${familiarName(list)} not found`);
    const { mediaType, text } = writeList(manifests);
    const sources = manifests.map(({ Ref, Descriptor }) => {
      return canonicalName({ ...splitName(Ref), tag: "", digest: Descriptor.digest });
    });
    const auths = await (await openKeyring(context.env)).forImages([canonicalName(list), ...sources]);
    const { registries } = await context.client();
    const document = { MediaType: mediaType, Raw: Buffer.from(text).toString("base64"), Sources: sources };
    const { Digest } = await registries.pushManifest(canonicalName(list), document, { insecure, auths });
    const repository = familiarName({ ...list, tag: "", digest: "" });
    const pushed = manifests.map(({ Descriptor: { digest } }) => {
      return `Pushed ref ${repository}@${digest} with digest: ${digest}\n`;
    });
    await context.io.stdout.write(neutralise(`${pushed.join("")}${Digest}\n`));
    if (purge) store.remove(list);
    return 0;
  },
});
