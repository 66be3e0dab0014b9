/** tare manifest rm: forgets manifest lists that are being put together. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { openManifestStore } from "../registry/manifest-store.ts";
import { familiarName, splitName, withDefaultTag } from "../registry/name.ts";

export const command = defineCommand({
  usage: "MANIFEST_LIST [MANIFEST_LIST...]",
  flags: {},
  args: [1, Number.POSITIVE_INFINITY],
  async run({ env }, { args }) {
    const store = openManifestStore(env.configDir);
    const missing: string[] = [];
    for (const list of args.map((text) => withDefaultTag(splitName(text)))) {
      if ((await store.list(list)) === undefined) missing.push(`No such manifest: ${familiarName(list)}`);
      else store.remove(list);
    }
    if (missing.length > 0) throw new CommandError(missing.join("\n"));
    return 0;
  },
});
