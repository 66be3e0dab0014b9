/** What a copy changes of what it copies. */
import type { ModeChange } from "./mode.ts";
import type { Owner } from "./owner.ts";

export interface Attributes {
  /** Undefined keeps the source's. */
  readonly owner: Owner | undefined;
  readonly mode: ModeChange | undefined;
}
