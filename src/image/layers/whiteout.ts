/** Deletions in a layer, after the OCI image specification: ".wh.name" hides a name below, ".wh..wh..opq" all of a directory. */
import { TarError } from "../../base/tar/entry.ts";
import type { LayerPath } from "../../files/layer-path.ts";

export type Whiteout =
  | { readonly kind: "opaque" }
  | { readonly kind: "hides"; readonly name: string }
  /** Left behind by aufs; has no meaning. */
  | { readonly kind: "ignored" };

const PREFIX = ".wh.";
const META_PREFIX = ".wh..wh.";
const OPAQUE = ".wh..wh..opq";

/** What an entry hides; undefined for an ordinary one. Throws TarError when that is no name, or below a whiteout. */
export function parseWhiteout({ directory, name }: LayerPath): Whiteout | undefined {
  const above = directory.split("/").find((part) => part.startsWith(PREFIX));
  if (above?.startsWith(META_PREFIX)) return { kind: "ignored" };
  if (above !== undefined) throw invalid(above);
  if (!name.startsWith(PREFIX)) return undefined;
  if (name === OPAQUE) return { kind: "opaque" };
  if (name.startsWith(META_PREFIX)) return { kind: "ignored" };
  const hidden = name.slice(PREFIX.length);
  if (hidden === "" || hidden === "." || hidden === "..") throw invalid(name);
  return { kind: "hides", name: hidden };
}

const invalid = (name: string): TarError => new TarError(`invalid whiteout ${JSON.stringify(name)}`);
