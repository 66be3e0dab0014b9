/** Sizes for people: decimal ("1.23MB") and binary ("23.54GiB"), as docker's units package writes them. */
import { formatFloat } from "./template/number.ts";

const DECIMAL = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];
const DIGITS = 4;

/** `digits` significant ones; docker lists use 3. */
export const humanSize = (bytes: number, digits = DIGITS): string =>
  scaled({ bytes, base: 1000, units: DECIMAL, digits });

export const binarySize = (bytes: number): string => scaled({ bytes, base: 1024, units: BINARY, digits: DIGITS });

interface Scale {
  readonly bytes: number;
  readonly base: number;
  readonly units: readonly string[];
  readonly digits: number;
}

function scaled({ bytes, base, units, digits }: Scale): string {
  let size = bytes;
  let unit = 0;
  while (size >= base && unit < units.length - 1) {
    size /= base;
    unit++;
  }
  return formatFloat(size, "g", digits) + units[unit];
}
