/** `tare image diff A B`: how one image differs from another, in its files and in its configuration. */

import type { ImageConfigChange } from "../../wire/image.ts";
import { platformText } from "../../wire/platform.ts";
import type { Image } from "../catalog.ts";
import type { ImageContext } from "../context.ts";
import { platformOf } from "../document.ts";
import type { Digest } from "../reference.ts";

/** The JSON of a wire ImageDiff. Throws notFound for unknown images. */
export async function diffImages(
  { catalog, layers, workers, limits }: ImageContext,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const [old, now] = [catalog.resolve(from), catalog.resolve(to)];
  using pins = new DisposableStack();
  pins.defer(layers.pin([...old.parsed.rootfs.diff_ids, ...now.parsed.rootfs.diff_ids]));
  const tarsOf = (diffIds: readonly Digest[]) => diffIds.map((diffId) => layers.tar(diffId));
  const job = { from: tarsOf(old.parsed.rootfs.diff_ids), to: tarsOf(now.parsed.rootfs.diff_ids), limits };
  const changes = await workers.diff(job, signal);
  const config = Buffer.from(`{"Config":${JSON.stringify(configChanges(old, now))},"Changes":`);
  return Buffer.concat([config, changes, Buffer.from("}\n")]);
}

function configChanges(old: Image, now: Image): ImageConfigChange[] {
  const [before, after] = [fieldsOf(old), fieldsOf(now)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((Field) => ({ Field, From: before.get(Field) ?? "", To: after.get(Field) ?? "" }))
    .filter(({ From, To }) => From !== To);
}

/** As text: JSON for anything that is not. */
function fieldsOf({ parsed }: Image): Map<string, string> {
  const fields = Object.entries({ ...parsed.config, Platform: platformText(platformOf(parsed)) });
  return new Map(fields.map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const isNothing = value === null || (typeof value === "object" && Object.keys(value).length === 0);
  return isNothing ? "" : JSON.stringify(value);
}
