/** Paths in containers as clients write them. */
import { posix } from "node:path";
import { invalidParameter } from "../../base/errors.ts";

/**
 * Absolute and clean, but with the slash or dot at its end that says "the directory itself" (moby pkg/archive,
 * PreserveTrailingDotOrSeparator).
 */
export function toContainerPath(path: string): string {
  // Without a space, as Docker says it.
  if (path === "") throw invalidParameter("bad parameter: pathcannot be empty");
  const clean = posix.join("/", path).replace(/(?<=.)\/$/, "");
  if (posix.basename(path) === ".") return clean === "/" ? "/." : `${clean}/.`;
  return path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
}
