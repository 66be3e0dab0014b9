/** WWW-Authenticate headers (RFC 7235): which proofs a registry takes, and for bearer tokens where to get them. */

export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** Keys in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER = 16 * 1024;
const SCHEME = /\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s+|$)/y;
const PARAMETER = /\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*/y;

/** The challenges of all such headers, in order; what is not understood is left out. */
export function parseChallenges(header: string | null): Challenge[] {
  if (header === null || header.length > MAX_HEADER) return [];
  const challenges: Challenge[] = [];
  let at = 0;
  for (;;) {
    SCHEME.lastIndex = at;
    const scheme = SCHEME.exec(header)?.[1];
    if (scheme === undefined) return challenges;
    at = SCHEME.lastIndex;
    const parameters = new Map<string, string>();
    for (PARAMETER.lastIndex = at; ; at = PARAMETER.lastIndex) {
      const [, key, quoted, plain = ""] = PARAMETER.exec(header) ?? [];
      if (key === undefined) break;
      parameters.set(key.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain);
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
}
