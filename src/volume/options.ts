/** What options the local driver takes (moby volume/local, local_unix.go), and the mount that they ask for. Pure. */
import { invalidParameter } from "../base/errors.ts";
import { parseSize } from "../base/units.ts";
import type { VolumeRecord } from "../state/volume-record.ts";

type Options = VolumeRecord["options"];

const KNOWN = ["type", "device", "o", "size"];
/** Each of these makes no sense without the others, in the order in which Docker misses them. */
const TOGETHER = ["device", "type"];

/** Throws invalidParameter in Docker's words. */
export function checkOptions(options: Options): void {
  const names = Object.keys(options ?? {});
  const unknown = names.find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw invalidParameter(`invalid option: ${JSON.stringify(unknown)}`);
  const missing = TOGETHER.find((name) => !names.includes(name));
  if (names.some((name) => name !== "size") && missing !== undefined) {
    throw invalidParameter(`missing required option: ${JSON.stringify(missing)}`);
  }
}

export interface WantedMount {
  readonly type: string;
  readonly device: string;
  /** Comma-separated words, of the kernel and of the file system. */
  readonly words: string;
}

/** Undefined for a plain directory. */
export function wantedMount(options: Options): WantedMount | undefined {
  const { type = "", device = "", o = "" } = options ?? {};
  return type === "" && device === "" ? undefined : { type, device, words: o };
}

/** Bytes; 0 is no limit. Throws invalidParameter. */
export function quotaBytes(options: Options): number {
  const text = options?.["size"];
  if (text === undefined) return 0;
  const bytes = parseSize(text);
  if (bytes === undefined) throw invalidParameter(`invalid size: '${text}'`);
  return bytes;
}
