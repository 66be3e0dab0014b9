/** The words of HostConfig.NetworkMode. */

/** "" and "default" are the default bridge network. */
export function networkName(mode: string): string {
  return mode === "" || mode === "default" ? "bridge" : mode;
}

/** The reference in "container:<ref>"; undefined for every other mode word. */
export function joinedContainer(mode: string): string | undefined {
  return mode.startsWith("container:") ? mode.slice("container:".length) : undefined;
}
