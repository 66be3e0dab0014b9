/** What a path of a view is, as HEAD /containers/{id}/archive tells it. */
import { hasCode } from "../../base/errors.ts";
import { readLink } from "../../kernel/read-at.ts";
import type { Place, TreeView } from "../view.ts";
import type { PathFacts } from "./protocol.ts";

/** Throws SysError. */
export function factsOf(view: TreeView, place: Place): PathFacts {
  const { stat, mount } = place;
  return {
    stat,
    isMounted: mount.path !== "",
    isReadOnly: mount.readOnly,
    target: stat.type === "symlink" ? linkTarget(view, place) : "",
  };
}

/** Where a link leads in the end, or as far as it can be followed. */
function linkTarget(view: TreeView, link: Place): string {
  try {
    using end = view.locate(link.path);
    return `/${end.path}`;
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
  }
  const text = readLink(link.fd);
  const from = text.startsWith("/") ? [] : link.path.split("/").slice(0, -1);
  for (const part of text.split("/")) {
    if (part === "..") from.pop();
    else if (part !== "" && part !== ".") from.push(part);
  }
  return `/${from.join("/")}`;
}
