/** The flag `--platform os[/arch[/variant]]`, as the API wants it: one OCI platform as JSON. */
import { CommandError } from "./errors.ts";
import { type FlagOptions, textFlag } from "./flag-kinds.ts";
import type { Flag } from "./flags.ts";

/** `what` is the beginning of the help, such as "Save only the given platform variant". */
export const platformFlag = (what: string, options: FlagOptions = {}): Flag<string> =>
  textFlag(`${what}. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")`, options);

const SYSTEMS: readonly string[] = ["linux", "windows", "darwin", "freebsd"];
const WORD = /^[A-Za-z0-9_.-]+$/;
const OWN_ARCHITECTURE: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** "" for none. Throws CommandError in docker's words, after `prefix`. */
export function platformJson(text: string, prefix = ""): string {
  if (text === "") return "";
  const words = text.split("/");
  if (words.length > 3 || !words.every((word) => WORD.test(word))) {
    throw new CommandError(`${prefix}${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`);
  }
  const [first = "", second, variant] = words;
  const isSystem = SYSTEMS.includes(first.toLowerCase());
  // One word is a system or an architecture; the other is this machine's.
  const [os, architecture] =
    second !== undefined ? [first, second] : isSystem ? [first, ownArchitecture()] : ["linux", first];
  return JSON.stringify({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

const ownArchitecture = (): string => OWN_ARCHITECTURE[process.arch] ?? process.arch;
