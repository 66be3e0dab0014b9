/** Flags of an instruction, `--name=value`, decoded with BuildKit's messages. Pure. */
import { DockerfileError } from "./place.ts";
import { didYouMean } from "./suggest.ts";

export type FlagKind = "boolean" | "string" | "strings";

type Value<K extends FlagKind> = K extends "boolean" ? boolean : K extends "string" ? string : readonly string[];

export type FlagValues<S extends Readonly<Record<string, FlagKind>>> = { readonly [Name in keyof S]: Value<S[Name]> };

/** What a flag is worth that is not given: false, "" or []. Throws DockerfileError for anything that `kinds` does not know. */
export function decodeFlags<S extends Readonly<Record<string, FlagKind>>>(
  flags: readonly string[],
  kinds: S,
): FlagValues<S> {
  const values: Record<string, boolean | string | string[]> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    values[name] = kind === "boolean" ? false : kind === "string" ? "" : [];
  }
  const seen = new Set<string>();
  for (const flag of flags) {
    const [, name = "", value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(flag) ?? [];
    const kind = kinds[name];
    if (kind === undefined) {
      throw new DockerfileError(`unknown flag: --${name}${didYouMean(name, Object.keys(kinds))}`);
    }
    if (seen.has(name) && kind !== "strings") throw new DockerfileError(`duplicate flag specified: --${name}`);
    seen.add(name);
    values[name] = decodeFlag(name, kind, { value, before: values[name] });
  }
  return values as FlagValues<S>;
}

function decodeFlag(
  name: string,
  kind: FlagKind,
  { value, before }: { value: string | undefined; before: boolean | string | string[] | undefined },
): boolean | string | string[] {
  if (kind === "boolean") return decodeBoolean(name, value);
  if (value === undefined) throw new DockerfileError(`missing a value on flag: --${name}`);
  if (kind !== "strings" || !Array.isArray(before)) return value;
  before.push(value);
  return before;
}

function decodeBoolean(name: string, value: string | undefined): boolean {
  if (value === undefined) return true;
  if (value === "") throw new DockerfileError(`missing a value on flag: --${name}`);
  const word = value.toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  throw new DockerfileError(`expecting boolean value for flag --${name}, not: ${value}`);
}
