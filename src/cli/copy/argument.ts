/** The two places of a copy as the command line names them. */

export interface CopyPlace {
  /** "" for the user's own files. */
  readonly container: string;
  readonly path: string;
}

/** A colon parts container and path, unless the text begins like a path: "./file:name" is local, as with scp. */
export function parsePlace(text: string): CopyPlace {
  const colon = text.indexOf(":");
  const isLocal = colon < 0 || text.startsWith("/") || text.startsWith(".");
  return isLocal ? { container: "", path: text } : { container: text.slice(0, colon), path: text.slice(colon + 1) };
}
