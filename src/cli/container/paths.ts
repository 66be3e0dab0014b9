/** Paths of the user's side, made absolute without node:path, which takes longer to load than most commands run. */

/** `path` seen from `cwd`, without ".", ".." and doubled slashes. */
export function absolutePath(cwd: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${cwd}/${path}`;
  const kept: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") kept.pop();
    else if (part !== "" && part !== ".") kept.push(part);
  }
  return `/${kept.join("/")}`;
}
