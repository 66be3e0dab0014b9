/** A path below a directory as the host names it, its links ended inside. */

import { TreeView } from "../../files/view.ts";
import { viewPath } from "../../files/view-request.ts";
import { openPath } from "../../kernel/at.ts";

/** Good for as long as nobody changes the tree. Throws SysError for what is not there. */
export function pathInside(root: string, path: string): string {
  using opened = openPath(root);
  using place = new TreeView(opened.fd).locate(viewPath(path));
  const clean = Buffer.from(place.path, "latin1").toString();
  return clean === "" ? root : `${root}/${clean}`;
}
