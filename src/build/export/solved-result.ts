/** A result that is built: what the frontend planned, and its files. */
import type { PlannedResult } from "../builder.ts";
import type { Tree } from "../tree.ts";

export interface SolvedResult {
  readonly planned: PlannedResult;
  readonly tree: Tree;
}
