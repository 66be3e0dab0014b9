/**
 * Which entries of a tree a COPY means: paths and patterns, links followed inside the tree, and what .dockerignore's grammar
 * takes out again. The same choice is hashed and copied.
 */
import { readdirSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { compilePattern, IgnoreMatcher } from "../../dockerfile/ignore.ts";
import type { Place, TreeView } from "../../files/view.ts";

/** A path that is asked for and not there. */
export class MissingPath extends Error {}

export interface Selection {
  /** Where it lies, clean and without links. */
  readonly path: string;
  /** What it is called where it was found: the last name of what was asked for. */
  readonly name: string;
  /** The path as it was asked for, for `--parents`. */
  readonly asked: string;
}

const WILDCARD = /[*?[\\]/;

/** In the order of the paths, matches of a pattern in the order of their names. A pattern may match nothing, a path throws MissingPath. */
export function select(view: TreeView, paths: readonly string[], wildcards: boolean): Selection[] {
  return paths.flatMap((path) => {
    const clean = path.replace(/^\/+|\/+$/g, "");
    if (!wildcards || !WILDCARD.test(clean)) return [toSelection(view, clean, path)];
    checkPrefix(view, clean);
    return matches(view, clean).map((match) => toSelection(view, match, match));
  });
}

function toSelection(view: TreeView, clean: string, path: string): Selection {
  try {
    using place = view.locate(clean);
    return { path: place.path, name: clean.split("/").at(-1) ?? "", asked: clean };
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
    throw new MissingPath(`${JSON.stringify(path.startsWith("/") ? path : `/${path}`)}: not found`, { cause: error });
  }
}

/** What comes before the first wildcard is a path like others. */
function checkPrefix(view: TreeView, pattern: string): void {
  const parts = pattern.split("/");
  const plain = parts.slice(
    0,
    parts.findIndex((part) => WILDCARD.test(part)),
  );
  const missing = plain.map((_, at) => plain.slice(0, at + 1).join("/")).find((path) => !exists(view, path));
  if (missing !== undefined) throw new MissingPath(`lstat /${missing}: no such file or directory`);
}

/** Goes down component by component, so that only directories that can match are read. */
function matches(view: TreeView, pattern: string): string[] {
  let found = [""];
  for (const part of pattern.split("/")) {
    const next: string[] = [];
    for (const directory of found) next.push(...matchesIn(view, directory, part));
    found = next;
  }
  return found.filter((path) => path !== "");
}

function matchesIn(view: TreeView, directory: string, part: string): string[] {
  const join = (name: string): string => (directory === "" ? name : `${directory}/${name}`);
  if (!WILDCARD.test(part)) return exists(view, join(part)) ? [join(part)] : [];
  const expression = compilePattern(part);
  return namesIn(view, directory)
    .filter((name) => expression.test(name))
    .map(join);
}

function exists(view: TreeView, path: string): boolean {
  try {
    view.locate(path, { follow: false })[Symbol.dispose]();
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return false;
    throw error;
  }
}

/** Sorted; none when it is no directory. One character a byte. */
function namesIn(view: TreeView, path: string): string[] {
  using place = view.locate(path);
  if (place.stat.type !== "directory") return [];
  return directoryNames(view, place.path);
}

function directoryNames(view: TreeView, path: string): string[] {
  using directory = view.openDirectory(path);
  return readdirSync(directory.procPath, { encoding: "latin1" }).sort();
}

/** What of a selected entry counts: all of it, but what the patterns leave out, relative to the entry. */
export class Filter {
  readonly #exclude: IgnoreMatcher | undefined;

  constructor(exclude: readonly string[]) {
    this.#exclude = exclude.length === 0 ? undefined : new IgnoreMatcher(exclude);
  }

  takes(relative: string): boolean {
    return this.#exclude === undefined || !this.#exclude.ignores(relative);
  }

  /** Nothing below this directory can be taken. */
  skips(relative: string): boolean {
    return this.#exclude?.skipsBelow(relative) === true;
  }
}

export interface Walked {
  /** Closed when the next one is asked for. */
  readonly place: Place;
  /** Below the start; "" for the start itself. */
  readonly relative: string;
}

/** An entry of a tree that nobody changes, and everything below it, directories first, names in order. Links are not followed. */
export function* walk(view: TreeView, start: string, filter: Filter): Generator<Walked, void, undefined> {
  using top = view.locate(start, { follow: false });
  yield { place: top, relative: "" };
  if (top.stat.type === "directory") yield* walkBelow(view, { directory: top, prefix: "", filter });
}

interface Level {
  readonly directory: Place;
  readonly prefix: string;
  readonly filter: Filter;
}

/** Each directory is held open while what is in it is walked, so that nobody goes down to it again for each name. */
function* walkBelow(view: TreeView, { directory, prefix, filter }: Level): Generator<Walked, void, undefined> {
  for (const name of directoryNames(view, directory.path)) {
    const relative = prefix + name;
    if (filter.skips(relative)) continue;
    using place = view.settledChild(directory, name);
    if (filter.takes(relative)) yield { place, relative };
    if (place.stat.type === "directory") yield* walkBelow(view, { directory: place, prefix: `${relative}/`, filter });
  }
}
