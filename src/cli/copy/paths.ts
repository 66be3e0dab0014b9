/**
 * Paths as moby's pkg/archive takes them: cleaned, except for a slash or dot at the end, which says "the directory itself". Without
 * node:path, which takes longer to load than a small copy.
 */

/** Go's filepath.Clean. */
export function clean(path: string): string {
  const root = path.startsWith("/") ? "/" : "";
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (root === "") kept.push(part);
  }
  return root + kept.join("/") || ".";
}

/** Go's filepath.Base. */
export function baseOf(path: string): string {
  if (path === "") return ".";
  const stripped = path.replace(/\/+$/, "");
  return stripped === "" ? "/" : stripped.slice(stripped.lastIndexOf("/") + 1);
}

const namesDirectoryItself = (path: string): boolean => baseOf(path) === "." && !path.endsWith("/");

export const endsInSlash = (path: string): boolean => path.endsWith("/");

/** True when only a directory can be meant. */
export const assertsDirectory = (path: string): boolean => endsInSlash(path) || namesDirectoryItself(path);

/** `cleaned` with the slash or dot that `original` ends in. */
export function keepEnding(cleaned: string, original: string): string {
  const slash = endsInSlash(cleaned) ? "" : "/";
  if (namesDirectoryItself(original) && !namesDirectoryItself(cleaned)) return `${cleaned}${slash}.`;
  return endsInSlash(original) ? cleaned + slash : cleaned;
}

/** Directory and last name; the last name of "a/." is ".". */
export function splitEntry(path: string): { directory: string; base: string } {
  const cleaned = namesDirectoryItself(path) ? `${clean(path)}/.` : clean(path);
  const directory = cleaned.slice(0, cleaned.lastIndexOf("/") + 1);
  return { directory: directory === "" ? "." : clean(directory), base: baseOf(cleaned) };
}

/** What a path resolved to, with the ending of `path`, and the name it should keep in an archive; "" when it is the same. */
export function keepName(path: string, resolved: string): { path: string; name: string } {
  const ended = keepEnding(resolved, path);
  return { path: ended, name: baseOf(path) === baseOf(ended) ? "" : baseOf(path) };
}
