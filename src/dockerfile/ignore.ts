/** .dockerignore: its patterns, and whether a path is left out by them (moby/patternmatcher). Pure. */
import { posix } from "node:path";
import { DockerfileError } from "./place.ts";

/** Comments and empty lines are gone, paths are clean and without a leading slash; "!" stays in front. */
export function parseIgnoreFile(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const isException = line.startsWith("!");
      const pattern = isException ? line.slice(1).trim() : line;
      const clean = pattern === "" ? "" : posix.normalize(pattern).replace(/(?<=.)\/$/, "");
      const relative = clean.length > 1 && clean.startsWith("/") ? clean.slice(1) : clean;
      return isException ? `!${relative}` : relative;
    });
}

interface Rule {
  readonly isException: boolean;
  readonly matches: RegExp;
}

export class IgnoreMatcher {
  readonly #rules: readonly Rule[];
  readonly #hasExceptions: boolean;
  #last: { readonly path: string; readonly matches: readonly boolean[] } | undefined;

  /** Throws DockerfileError for a pattern that cannot be read. */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns.flatMap((pattern) => toRule(pattern.trim()));
    this.#hasExceptions = this.#rules.some(({ isException }) => isException);
  }

  /** Whether the last pattern that matches the path, or a directory above it, leaves it out. Relative paths, with slashes. */
  ignores(path: string): boolean {
    const matched = this.#matchesOf(path);
    let ignored = false;
    for (const [at, { isException }] of this.#rules.entries()) {
      if (isException === ignored && matched[at] === true) ignored = !isException;
    }
    return ignored;
  }

  /** For each rule, whether it matches the path or a directory above it. */
  #matchesOf(path: string): boolean[] {
    const slash = path.lastIndexOf("/");
    const above = slash < 0 ? [] : this.#directoryMatches(path.slice(0, slash));
    return this.#rules.map(({ matches }, at) => above[at] === true || matches.test(path));
  }

  /** Remembered, since paths come directory by directory. */
  #directoryMatches(path: string): readonly boolean[] {
    if (this.#last?.path !== path) this.#last = { path, matches: this.#matchesOf(path) };
    return this.#last.matches;
  }

  /** An ignored directory without exceptions to any pattern need not be looked into. */
  skipsBelow(directory: string): boolean {
    return !this.#hasExceptions && this.ignores(directory);
  }
}

function toRule(text: string): Rule[] {
  if (text === "") return [];
  const isException = text.startsWith("!");
  const pattern = posix.normalize(isException ? text.slice(1) : text).replace(/^\/|(?<=.)\/$/g, "");
  if (isException && pattern === "") throw new DockerfileError('illegal exclusion pattern: "!"');
  return [{ isException, matches: patternRegExp(pattern) }];
}

/** `*` and `?` stay inside a component, `**` goes through any number of them; brackets are filepath.Match's. */
export function patternRegExp(pattern: string): RegExp {
  let source = "^";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "*" && pattern.charAt(at + 1) === "*") {
      at++;
      if (pattern.charAt(at + 1) === "/") at++;
      source += at + 1 >= pattern.length ? ".*" : "(?:.*/)?";
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const end = bracketEnd(pattern, at);
      source += bracket(pattern.slice(at + 1, end));
      at = end;
    } else if (character === "\\") {
      at++;
      if (at >= pattern.length) throw malformed(pattern);
      source += literal(pattern.charAt(at));
    } else source += literal(character);
  }
  return new RegExp(`${source}$`, "su");
}

function bracketEnd(pattern: string, start: number): number {
  for (let at = start + (pattern.charAt(start + 1) === "^" ? 3 : 2); at < pattern.length; at++) {
    if (pattern.charAt(at) === "\\") at++;
    else if (pattern.charAt(at) === "]") return at;
  }
  throw malformed(pattern);
}

function bracket(inside: string): string {
  const isNegated = inside.startsWith("^");
  const body = (isNegated ? inside.slice(1) : inside).replaceAll(/\\(.)|([\\\]^[&~|])/gsu, (_, escaped, special) =>
    `\\${String(escaped ?? special)}`.replace(/^\\([\w])$/, "$1"),
  );
  return `[${isNegated ? "^/" : ""}${body}]`;
}

const malformed = (pattern: string): DockerfileError =>
  new DockerfileError(`error parsing pattern ${JSON.stringify(pattern)}: syntax error in pattern`);

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
