/** Where a mount may go inside the container (moby v28 daemon/volume/mounts). */
import { posix } from "node:path";

/** What is wrong with the path, in Docker's words; undefined when nothing is. */
export function checkTarget(path: string): string | undefined {
  const problem = checkAbsolute(path);
  if (problem !== undefined) return problem;
  return posix.normalize(path) === "/" ? "invalid specification: destination can't be '/'" : undefined;
}

export function checkAbsolute(path: string): string | undefined {
  if (!path.startsWith("/")) return `invalid mount path: '${path}' mount path must be absolute`;
  return path.includes("\0") ? `invalid mount path: ${JSON.stringify(path)}` : undefined;
}

/** The path in the one spelling by which two targets are compared. */
export function cleanTarget(path: string): string {
  return posix.normalize(path).replace(/\/+$/, "");
}
