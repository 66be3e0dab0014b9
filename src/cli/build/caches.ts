/** `--cache-from` and `--cache-to`: as the engine wants them, with the directories of the user's that are meant. */
import { absolutePath } from "../container/paths.ts";
import { buildProblem, fieldsOf, parseFields } from "./fields.ts";
import { findDigest } from "./layout.ts";
import type { ExporterWish } from "./outputs.ts";

export interface Caches {
  readonly imports: readonly ExporterWish[];
  readonly exports: readonly ExporterWish[];
  /** Layouts by the names that the engine has for them. */
  readonly stores: ReadonlyMap<string, string>;
  /** Where the manifest of the new cache gets its name; undefined when no directory is written to. */
  readonly written: { readonly directory: string; readonly tag: string } | undefined;
}

export interface CacheWish {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly cwd: string;
}

const DEFAULT_TAG = "latest";

/** A directory without a cache is left out: the first build of all has none yet. Throws CommandError. */
export async function openCaches({ from, to, cwd }: CacheWish): Promise<Caches> {
  const stores = new Map<string, string>();
  const imports: ExporterWish[] = [];
  for (const wish of from.map(parseCache)) {
    if (wish.type !== "local") {
      imports.push(wish);
      continue;
    }
    const directory = directoryOf(wish, "src", cwd);
    const digest = wish.attrs.get("digest") ?? (await findDigest(directory, wish.attrs.get("tag") ?? DEFAULT_TAG));
    stores.set(`local:${directory}`, directory);
    if (digest !== undefined) imports.push(withAttrs(wish, { src: directory, digest }));
  }
  const exports = to.map(parseCache).map((wish) => {
    if (wish.type !== "local") return wish;
    const directory = directoryOf(wish, "dest", cwd);
    stores.set(`local:${directory}`, directory);
    return withAttrs(wish, { dest: directory });
  });
  const local = exports.find(({ type }) => type === "local");
  const written = local && { directory: local.attrs.get("dest") ?? "", tag: local.attrs.get("tag") ?? DEFAULT_TAG };
  return { imports, exports, stores, written };
}

/** "user/app:cache" is short for a registry's. */
function parseCache(spec: string): ExporterWish {
  const fields = fieldsOf(spec);
  if (fields.every((field) => !field.includes("="))) {
    return { type: "registry", attrs: new Map([["ref", fields[0] ?? ""]]) };
  }
  const { type = "", ...attrs } = Object.fromEntries(parseFields(spec));
  if (type === "") throw buildProblem(`type required form> ${JSON.stringify(spec)}`);
  return { type, attrs: new Map(Object.entries(attrs)) };
}

function directoryOf({ attrs }: ExporterWish, name: "src" | "dest", cwd: string): string {
  const path = attrs.get(name) ?? "";
  if (path === "") throw buildProblem(`local cache ${name === "src" ? "importer" : "exporter"} requires ${name}`);
  return absolutePath(cwd, path);
}

const withAttrs = ({ type, attrs }: ExporterWish, more: Readonly<Record<string, string>>): ExporterWish => ({
  type,
  attrs: new Map([...attrs, ...Object.entries(more)]),
});
