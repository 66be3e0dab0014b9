/** The mode words of a host configuration (`host`, `private`, `container:<id>` …), decoded once. Pure. */

export type Mode =
  | { readonly kind: "private" | "shareable" | "host" | "none" }
  | { readonly kind: "container"; readonly ref: string };

const CONTAINER = "container:";

/** Undefined for a word that is not among `kinds`. "" is private. */
export function parseMode(text: string, kinds: readonly (Mode["kind"] | "container")[]): Mode | undefined {
  if (text.startsWith(CONTAINER)) {
    return kinds.includes("container") ? { kind: "container", ref: text.slice(CONTAINER.length) } : undefined;
  }
  const kind = text === "" ? "private" : kinds.find((word) => word === text);
  return kind === undefined || kind === "container" ? undefined : { kind };
}

export const isHost = (mode: string): boolean => mode === "host";
export const joinsContainer = (mode: string): boolean => mode.startsWith(CONTAINER);
/** True when the container has this namespace to itself from the start. */
export const isOwn = (mode: string): boolean => !isHost(mode) && !joinsContainer(mode);
