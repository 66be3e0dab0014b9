/** Names inside a layer: cleaned as text, so that nothing absolute and no ".." is left, and split into directory and name. */

export interface LayerPath {
  /** "" is the layer's root, otherwise "a/b". */
  readonly directory: string;
  /** "" for the root itself. */
  readonly name: string;
}

/** ".." at the top stays at the top, as in a root directory. */
export function cleanPath(raw: string): LayerPath {
  const parts: string[] = [];
  for (const part of raw.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const name = parts.pop() ?? "";
  return { directory: parts.join("/"), name };
}

export function joinPath({ directory, name }: LayerPath): string {
  return directory === "" ? name : `${directory}/${name}`;
}
