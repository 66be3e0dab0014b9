/** tare manifest inspect: a manifest or a list, of a registry or as it is being put together. */
import { type Context, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";
import { neutralise } from "../neutralise.ts";
import { writeList } from "../registry/manifest-list.ts";
import { type ListedManifest, openManifestStore } from "../registry/manifest-store.ts";
import { canonicalName, familiarName, type ImageName, splitName, withDefaultTag } from "../registry/name.ts";
import { fetchManifest } from "../registry/remote.ts";

const LIST_INDENT = 3;

export const command = defineCommand({
  usage: "[OPTIONS] [MANIFEST_LIST] MANIFEST",
  flags: {
    insecure: switchFlag("Allow communication with an insecure registry"),
    verbose: switchFlag("Output additional info including layers and platform", { short: "v" }),
  },
  args: [1, 2],
  async run(context, { flags: { insecure, verbose }, args }) {
    const names = args.map((text) => withDefaultTag(splitName(text)));
    const [first, second] = names;
    if (first === undefined) return 1;
    const text =
      second === undefined
        ? await inspect(context, first, { insecure, verbose })
        : await inspectIn(context, first, second);
    await context.io.stdout.write(neutralise(`${text}\n`));
    return 0;
  },
});

interface Manner {
  readonly insecure: boolean;
  readonly verbose: boolean;
}

/** A list of this name that is being put together goes before what the registry has. */
async function inspect(context: Context, name: ImageName, { insecure, verbose }: Manner): Promise<string> {
  const local = await openManifestStore(context.env.configDir).list(name);
  if (local !== undefined) return verbose ? indented(local.map(detailed)) : writeList(local).text;
  const found = await fetchManifest(context, name, insecure);
  const listed = entriesOf(found);
  if (listed === undefined) return verbose ? indented(detailed(found)) : indented(rawOf(found));
  if (!verbose) return JSON.stringify(rawOf(found), null, LIST_INDENT);
  const parts = await Promise.all(
    listed.map(async ({ digest, platform }) => {
      const part = await fetchManifest(context, { ...name, digest }, insecure);
      return detailed(platform === undefined ? part : { ...part, Descriptor: { ...part.Descriptor, platform } });
    }),
  );
  return indented(parts);
}

async function inspectIn({ env }: Context, list: ImageName, image: ImageName): Promise<string> {
  const found = await openManifestStore(env.configDir).get(list, image);
  if (found === undefined) throw new CommandError(`no such manifest: ${familiarName(image)}`);
  return indented(rawOf(found));
}

const indented = (value: unknown): string => JSON.stringify(value, null, "\t");

function rawOf({ Raw }: ListedManifest): unknown {
  return JSON.parse(Buffer.from(Raw, "base64").toString());
}

/** With the manifest beside its bytes, under the name of its kind. */
function detailed(manifest: ListedManifest): unknown {
  const { Ref, Descriptor, Raw } = manifest;
  const kind = Descriptor.mediaType.includes("vnd.oci") ? "OCIManifest" : "SchemaV2Manifest";
  return { Ref: canonicalName(splitName(Ref)), Descriptor, Raw, [kind]: rawOf(manifest) };
}

interface Entry {
  readonly digest: string;
  readonly platform: NonNullable<ListedManifest["Descriptor"]["platform"]> | undefined;
}

/** What a list lists; undefined for what is none. */
function entriesOf(manifest: ListedManifest): Entry[] | undefined {
  const raw = rawOf(manifest);
  if (typeof raw !== "object" || raw === null || !("manifests" in raw) || !Array.isArray(raw.manifests)) {
    return undefined;
  }
  return raw.manifests.flatMap((each: unknown): Entry[] => {
    if (typeof each !== "object" || each === null || !("digest" in each) || typeof each.digest !== "string") return [];
    return [{ digest: each.digest, platform: "platform" in each ? platformOf(each.platform) : undefined }];
  });
}

function platformOf(value: unknown): Entry["platform"] {
  if (typeof value !== "object" || value === null) return undefined;
  const text = (key: string): string => {
    const found: unknown = Reflect.get(value, key);
    return typeof found === "string" ? found : "";
  };
  const variant = text("variant");
  return { architecture: text("architecture"), os: text("os"), ...(variant === "" ? {} : { variant }) };
}
