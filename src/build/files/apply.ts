/**
 * Carries out COPY, ADD, here-documents and WORKDIR on a mounted tree. Everything is reached through open directories of a
 * view, so that links in the tree lead nowhere else. Blocking but for archives; for a build thread.
 */
import { writeSync } from "node:fs";
import { nameBytes } from "../../base/tar/entry.ts";
import { openView, viewPath } from "../../files/view-request.ts";
import { fchmod, fchown, futimens, openat } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { readAccounts } from "../../runtime/spec/accounts.ts";
import type { FileAction, MakeDirectoryAction, WriteAction } from "../operation.ts";
import type { ApplyJob } from "../threads/protocol.ts";
import type { Attributes } from "./attributes.ts";
import { copyInto } from "./copy.ts";
import { Destination } from "./destination.ts";
import { parseMode } from "./mode.ts";
import { parseOwner } from "./owner.ts";

export async function applyActions({ root, accounts, layer, sources, actions, epoch }: ApplyJob): Promise<void> {
  using target = openView({ root });
  using destination = new Destination(target.view, epoch);
  for (const action of actions) {
    const attributes = attributesOf(action, accounts);
    switch (action.do) {
      case "copy": {
        const { root: from = "", isShareable = false } = sources[action.input] ?? {};
        using source = openView({ root: from, readOnly: true });
        await copyInto(destination, { view: source.view, action, attributes, layer, isShareable });
        break;
      }
      case "write":
        writeFile(destination, action, attributes);
        break;
      case "mkdir":
        makeDirectory(destination, action, attributes);
    }
  }
}

function attributesOf(action: FileAction, accounts: string): Attributes {
  const owner = action.owner === "" ? undefined : parseOwner(action.owner, () => readAccounts(accounts));
  const mode = "mode" in action && action.mode !== "" ? parseMode(action.mode) : undefined;
  return { owner, mode };
}

function writeFile(destination: Destination, { path, text }: WriteAction, { owner, mode }: Attributes): void {
  const { directory, name } = destination.parent(viewPath(path), owner);
  destination.clear(directory, name);
  using file = openat(directory, nameBytes(name), O.WRONLY | O.CREAT | O.EXCL, 0o600);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file.fd, bytes, at);
  if (owner !== undefined) fchown(file.fd, owner.uid, owner.gid);
  fchmod(file.fd, mode?.("file", 0o644) ?? 0o644);
  if (destination.epochNs !== undefined) futimens(file.fd, destination.epochNs, destination.epochNs);
}

function makeDirectory(destination: Destination, { path }: MakeDirectoryAction, { owner }: Attributes): void {
  destination.directory(viewPath(path), owner);
}
