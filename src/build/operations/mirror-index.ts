/**
 * What the copy of a client's directory holds, as the client described it. A client that has nothing new needs only the word for
 * all of it, so that the list itself is read when somebody compares it.
 *
 *   <dir>/index.json      generation and digest; not there while the copy is being changed
 *   <dir>/entries.json    each entry's path and description
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { hasCode } from "../../base/errors.ts";
import { writeFileAtomic } from "../../state/atomic-file.ts";
import { listDigest } from "../../wire/file-transfer.ts";

export interface MirrorIndex {
  /** Another one after every change. */
  readonly generation: string;
  /** Of the entries. */
  readonly digest: string;
  /** How the client described an entry, by its path. */
  readonly entries: () => ReadonlyMap<string, string>;
}

const indexOf = (dir: string): string => `${dir}/index.json`;
const entriesOf = (dir: string): string => `${dir}/entries.json`;

/** Undefined for a copy that is not whole. */
export function readIndex(dir: string): MirrorIndex | undefined {
  const facts = parsed<Pick<MirrorIndex, "generation" | "digest">>(indexOf(dir));
  if (facts === undefined || !existsSync(entriesOf(dir))) return undefined;
  return { ...facts, entries: () => new Map(parsed<[string, string][]>(entriesOf(dir))) };
}

/** The copy is whole from now on. */
export function writeIndex(dir: string, entries: ReadonlyMap<string, string>): MirrorIndex {
  const generation = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
  const digest = listDigest(entries);
  writeFileAtomic(entriesOf(dir), JSON.stringify([...entries]));
  writeFileAtomic(indexOf(dir), JSON.stringify({ generation, digest }));
  return { generation, digest, entries: () => entries };
}

export function removeIndex(dir: string): void {
  rmSync(indexOf(dir), { force: true });
}

/** Undefined for a file that is not there, or was not written to its end. */
function parsed<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    if (hasCode(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
