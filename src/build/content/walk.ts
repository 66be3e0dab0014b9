/** The entries of a tree below a start, without what .dockerignore's grammar takes out. The same walk is hashed and copied. */
import { readdirSync } from "node:fs";
import { IgnoreMatcher } from "../../dockerfile/ignore.ts";
import type { Place, TreeView } from "../../files/view.ts";
import { pathText } from "../../files/view-request.ts";

/** What counts: everything but what the patterns leave out. Paths are those of the view, relative to the filter's place. */
export class Filter {
  readonly #exclude: IgnoreMatcher | undefined;
  readonly #place: string;

  constructor(exclude: IgnoreMatcher | undefined, place = "") {
    this.#exclude = exclude;
    this.#place = place;
  }

  static of(exclude: readonly string[]): Filter {
    return new Filter(exclude.length === 0 ? undefined : new IgnoreMatcher(exclude));
  }

  /** The same patterns, looked at from a directory below. */
  below(relative: string): Filter {
    return new Filter(this.#exclude, this.#place + relative + (relative === "" ? "" : "/"));
  }

  takes(relative: string): boolean {
    return this.#exclude === undefined || !this.#exclude.ignores(pathText(this.#place + relative));
  }

  /** Nothing below this directory can be taken. */
  skips(relative: string): boolean {
    return this.#exclude?.skipsBelow(pathText(this.#place + relative)) === true;
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

/** Sorted. One character a byte. */
export function directoryNames(view: TreeView, path: string): string[] {
  using directory = view.openDirectory(path);
  return readdirSync(directory.procPath, { encoding: "latin1" }).sort();
}
