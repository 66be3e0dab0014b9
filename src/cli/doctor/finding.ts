/** What the doctor says about one part of the host. */

/** "missing" keeps the engine from working; "warning" takes something from it, or will one day. */
export type FindingState = "ok" | "warning" | "missing";

export interface Finding {
  /** The part of the host, one word or two. */
  readonly name: string;
  readonly state: FindingState;
  /** What was found. */
  readonly what: string;
  /** What that means for containers; absent when all is well. */
  readonly why?: string;
  /** A command, or a sentence, that mends it. */
  readonly fix?: string;
}

/** What a remedy consists of. */
export interface Remedy {
  readonly why: string;
  readonly fix: string;
}

export const ok = (name: string, what: string): Finding => ({ name, state: "ok", what });
export const warning = (name: string, what: string, remedy: Remedy): Finding => ({
  name,
  state: "warning",
  what,
  ...remedy,
});
export const missing = (name: string, what: string, remedy: Remedy): Finding => ({
  name,
  state: "missing",
  what,
  ...remedy,
});
