/**
 * What certain stacks of layers need besides their layers, named by the stack's chain id: a directory goes when the first of its layers
 * goes.
 *
 *   <dir>/<hex of the chain id>/tree     links of the topmost layer to files of those below it
 *   <dir>/<hex of the chain id>/layers   DiffIDs, the lowest first
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { chainIds } from "../chain-id.ts";
import type { Digest } from "../reference.ts";
import { linkedTree } from "./link-below.ts";

export class Stacks {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** The directory on top of a stack; undefined when there is none. */
  topOf(diffIds: readonly Digest[]): string | undefined {
    const tree = linkedTree(this.#path(diffIds));
    return existsSync(tree) ? tree : undefined;
  }

  /** Gives a directory that is ready and synced its name. */
  put(diffIds: readonly Digest[], directory: string): void {
    writeFileSync(`${directory}/layers`, diffIds.join("\n"), { flush: true });
    renameSync(directory, this.#path(diffIds));
  }

  /** Names of those that need one of these layers. */
  of(garbage: ReadonlySet<string>): string[] {
    const needs = (name: string): boolean =>
      readFileSync(`${this.#dir}/${name}/layers`, "utf8")
        .split("\n")
        .some((diffId) => garbage.has(diffId));
    return readdirSync(this.#dir).filter(needs);
  }

  /** Takes a name away. */
  moveAway(name: string, to: string): void {
    renameSync(`${this.#dir}/${name}`, to);
  }

  #path(diffIds: readonly Digest[]): string {
    const chain = chainIds(diffIds).at(-1) ?? "";
    return `${this.#dir}/${chain.slice("sha256:".length)}`;
  }
}
