/** .dockerignore: its patterns, and whether a path is left out by them (moby/patternmatcher). Pure. */
import { posix } from "node:path";
import { DockerfileError } from "./place.ts";
import { matchesAll, optional, type Token } from "./walk.ts";

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
  readonly matches: PathPattern;
}

const NONE: readonly boolean[] = [];

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
    for (let at = 0; at < matched.length; at++)
      if (matched[at] === true) ignored = this.#rules[at]?.isException === false;
    return ignored;
  }

  /** For each rule, whether it matches the path or a directory above it. */
  #matchesOf(path: string): boolean[] {
    const slash = path.lastIndexOf("/");
    const above = slash < 0 ? NONE : this.#directoryMatches(path, slash);
    const matched: boolean[] = [];
    for (const { matches } of this.#rules) matched.push(above[matched.length] === true || matches.test(path));
    return matched;
  }

  /** Of the directory that the path's first `length` characters name. Remembered, since paths come directory by directory. */
  #directoryMatches(path: string, length: number): readonly boolean[] {
    const last = this.#last;
    if (last?.path.length === length && path.startsWith(last.path)) return last.matches;
    const directory = path.slice(0, length);
    const matches = this.#matchesOf(directory);
    this.#last = { path: directory, matches };
    return matches;
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
  return [{ isException, matches: compilePattern(pattern) }];
}

/** What a regular expression may repeat before the time that it takes is felt. */
const MAX_REPEATS = 2;

interface Part extends Token {
  readonly source: string;
}

export interface PathPattern {
  test(path: string): boolean;
}

/** `*` and `?` stay inside a component, `**` goes through any number of them; brackets are filepath.Match's. */
export function compilePattern(pattern: string): PathPattern {
  const parts = toParts(pattern);
  const expression = new RegExp(`^${parts.map(({ source }) => source).join("")}$`, "su");
  if (parts.filter(({ repeats }) => repeats === true).length <= MAX_REPEATS) return expression;
  return { test: (path) => matchesAll(parts, path) };
}

function toParts(pattern: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "*" && pattern.charAt(at + 1) === "*") {
      at++;
      if (pattern.charAt(at + 1) === "/") at++;
      parts.push(...(at + 1 >= pattern.length ? ANYTHING : DIRECTORIES));
    } else if (character === "*") parts.push({ ...INSIDE, repeats: true, source: "[^/]*" });
    else if (character === "?") parts.push(INSIDE);
    else if (character === "[") {
      const end = bracketEnd(pattern, at);
      parts.push(single(bracket(pattern.slice(at + 1, end)), pattern));
      at = end;
    } else if (character === "\\") {
      at++;
      if (at >= pattern.length) throw malformed(pattern);
      at += pushLiteral(parts, pattern, at);
    } else at += pushLiteral(parts, pattern, at);
  }
  return parts;
}

const INSIDE: Part = { takes: (character) => character !== "/", source: "[^/]" };
const ANYTHING: readonly Part[] = [{ takes: () => true, repeats: true, source: ".*" }];
const DIRECTORIES: readonly Part[] = optional([
  { takes: () => true, repeats: true },
  { takes: (character) => character === "/" },
]).map((token, at) => ({ ...token, source: at === 0 ? "(?:.*/)?" : "" }));

/** Throws DockerfileError for a range that goes backwards. */
function single(source: string, pattern: string): Part {
  try {
    const expression = new RegExp(`^${source}$`, "su");
    return { takes: (character) => expression.test(character), source };
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(pattern);
    throw error;
  }
}

/** The character that begins here, however long it is; how much longer than one. */
function pushLiteral(parts: Part[], pattern: string, at: number): number {
  const character = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
  parts.push({ takes: (other) => other === character, source: literal(character) });
  return character.length - 1;
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
