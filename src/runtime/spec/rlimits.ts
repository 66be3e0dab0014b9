/** `--ulimit` as resource limits, getrlimit(2). Pure. */
import { invalidParameter } from "../../base/errors.ts";
import type { Ulimit } from "../../wire/host-config.ts";
import type { Rlimit, Uint64 } from "./oci.ts";

declare global {
  interface JSON {
    /** ES2026: text that JSON.stringify puts out as it is. */
    rawJSON(text: string): { readonly rawJSON: string };
  }
}

const NAMES = new Set(
  "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(" "),
);

/** RLIM_INFINITY is beyond what a JavaScript number holds exactly. */
const UNLIMITED: Uint64 = JSON.rawJSON("18446744073709551615");

/** Throws invalidParameter for unknown names and a soft limit above the hard one. -1 is unlimited. */
export function toRlimits(ulimits: readonly Ulimit[] | null): Rlimit[] {
  return (ulimits ?? []).map(({ Name, Soft, Hard }) => {
    if (!NAMES.has(Name)) throw invalidParameter(`wrong rlimit value: RLIMIT_${Name.toUpperCase()}`);
    if (Hard !== -1 && (Soft === -1 || Soft > Hard)) {
      throw invalidParameter(`ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`);
    }
    return { type: `RLIMIT_${Name.toUpperCase()}`, soft: toLimit(Soft), hard: toLimit(Hard) };
  });
}

const toLimit = (limit: number): Uint64 => (limit < 0 ? UNLIMITED : limit);
