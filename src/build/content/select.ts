/**
 * Which entries of a tree a COPY means: paths and patterns, links followed inside the tree, and what .dockerignore's grammar
 * takes out again. The same choice is hashed and copied.
 */
import { hasCode } from "../../base/errors.ts";
import { compilePattern } from "../../dockerfile/ignore.ts";
import type { TreeView } from "../../files/view.ts";
import { pathText, viewPath } from "../../files/view-request.ts";
import { directoryNames, Filter } from "./walk.ts";

/** A path that is asked for and not there. */
export class MissingPath extends Error {}

export interface Wanted {
  /** With `parents` as "from/./what": what comes after the pivot keeps its directories, and "**" in it is any number of them. */
  readonly paths: readonly string[];
  readonly wildcards: boolean;
  readonly parents?: boolean;
  /** Relative to what is selected: to the content of a directory, to what holds a file; with `parents` to "from". */
  readonly exclude?: readonly string[];
}

/** Paths are those of the view. */
export interface Selection {
  /** Where it lies, clean and without links. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** What it is to be called: its last name where it was found, or with `parents` its path after the pivot. */
  readonly name: string;
  /** Where the directories lie that lead to it with `parents`, and what they are to be called; itself, when it is one, with them. */
  readonly leading: readonly Leading[];
  /** For a walk that begins with it. */
  readonly filter: Filter;
}

export interface Leading {
  readonly path: string;
  readonly name: string;
}

const WILDCARD = /[*?[\\]/;
const ANY_DEPTH = "**";

/** In the order of the paths, matches of a pattern in the order of their names. A pattern may match nothing, a path throws MissingPath. */
export function select(view: TreeView, { paths, wildcards, parents = false, exclude = [] }: Wanted): Selection[] {
  const filter = Filter.of(exclude);
  return paths.flatMap((path) =>
    parents ? selectBelow(view, path, filter) : selectAt(view, { path, wildcards }, filter),
  );
}

function selectAt(view: TreeView, wanted: { path: string; wildcards: boolean }, filter: Filter): Selection[] {
  return find(view, wanted).flatMap(({ path, asked, isDirectory }) => {
    const name = asked.split("/").at(-1) ?? "";
    return isDirectory || filter.takes(name) ? [{ path, name, isDirectory, leading: [], filter }] : [];
  });
}

function selectBelow(view: TreeView, path: string, filter: Filter): Selection[] {
  const pivot = path.indexOf("/./");
  const [from, what] = [path.slice(0, pivot), path.slice(pivot + "/./".length)];
  return find(view, { path: from, wildcards: true }).flatMap((top) => {
    const names = WILDCARD.test(what) ? matches(view, top.path, what) : [viewPath(what)];
    return names.flatMap((name): Selection[] => {
      const { path: found, isDirectory } = locate(view, joined(top.path, name), { text: path, follow: false });
      if (isDirectory ? filter.skips(name) : !filter.takes(name)) return [];
      const steps = name.split("/").filter((step) => step !== "");
      const leading = (isDirectory ? steps : steps.slice(0, -1)).map((_, at) => steps.slice(0, at + 1).join("/"));
      return [
        {
          path: found,
          name,
          isDirectory,
          leading: leading.map((step) => ({ path: joined(top.path, step), name: step })),
          filter: filter.below(name),
        },
      ];
    });
  });
}

interface Found {
  readonly path: string;
  readonly isDirectory: boolean;
}

const joined = (directory: string, name: string): string => (directory === "" ? name : `${directory}/${name}`);

/** What one path or pattern names, and by which path. */
function find(
  view: TreeView,
  { path, wildcards }: { path: string; wildcards: boolean },
): (Found & { readonly asked: string })[] {
  const clean = path.replace(/^\/+|\/+$/g, "");
  const isPattern = wildcards && WILDCARD.test(clean);
  if (isPattern) checkPrefix(view, clean);
  const names = isPattern ? matches(view, "", clean, { deep: false }) : [viewPath(clean)];
  return names.map((asked) => ({ ...locate(view, asked, { text: path }), asked }));
}

function locate(view: TreeView, path: string, { text, follow = true }: { text: string; follow?: boolean }): Found {
  try {
    using place = view.locate(path, { follow });
    return { path: place.path, isDirectory: place.stat.type === "directory" };
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
    const shown = text.replace("/./", "/");
    throw new MissingPath(`${JSON.stringify(shown.startsWith("/") ? shown : `/${shown}`)}: not found`, {
      cause: error,
    });
  }
}

/** What comes before the first wildcard is a path like others. */
function checkPrefix(view: TreeView, pattern: string): void {
  const parts = pattern.split("/");
  const plain = parts.slice(
    0,
    parts.findIndex((part) => WILDCARD.test(part)),
  );
  const missing = plain.map((_, at) => plain.slice(0, at + 1).join("/")).find((path) => !exists(view, viewPath(path)));
  if (missing !== undefined) throw new MissingPath(`lstat /${missing}: no such file or directory`);
}

/** Goes down component by component, so that only directories that can match are read. The matches are relative to `from`. */
function matches(view: TreeView, from: string, pattern: string, { deep = true } = {}): string[] {
  let found = [""];
  for (const [at, part] of pattern.split("/").entries()) {
    const isDeep = deep && part === ANY_DEPTH && at < pattern.split("/").length - 1;
    const next = isDeep
      ? found.flatMap((directory) => [directory, ...directoriesBelow(view, from, directory)])
      : found.flatMap((directory) => matchesIn(view, from, { directory, part }));
    found = [...new Set(next)];
  }
  return withoutInner(found.filter((path) => path !== ""));
}

/** What lies in a directory that matches as well comes with it. */
function withoutInner(paths: readonly string[]): string[] {
  const all = new Set(paths);
  const isInner = (path: string): boolean =>
    path.split("/").some((_, at, parts) => at > 0 && all.has(parts.slice(0, at).join("/")));
  return paths.filter((path) => !isInner(path));
}

function matchesIn(view: TreeView, from: string, { directory, part }: { directory: string; part: string }): string[] {
  const plain = joined(directory, viewPath(part));
  if (!WILDCARD.test(part)) return exists(view, joined(from, plain)) ? [plain] : [];
  const expression = compilePattern(part);
  return namesIn(view, joined(from, directory))
    .filter((name) => expression.test(pathText(name)))
    .map((name) => joined(directory, name));
}

/** Links are not followed. */
function directoriesBelow(view: TreeView, from: string, directory: string): string[] {
  return namesIn(view, joined(from, directory)).flatMap((name) => {
    const path = joined(directory, name);
    using place = view.locate(joined(from, path), { follow: false });
    return place.stat.type === "directory" ? [path, ...directoriesBelow(view, from, path)] : [];
  });
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

/** None when it is no directory. */
function namesIn(view: TreeView, path: string): string[] {
  using place = view.locate(path);
  return place.stat.type === "directory" ? directoryNames(view, place.path) : [];
}
