/** A build thread. Entry point of a Worker; not imported. */
import { messageOf } from "../../base/errors.ts";
import { copyTree } from "../../files/copy-tree.ts";
import { openPath } from "../../kernel/at.ts";
import { SysError } from "../../kernel/errno.ts";
import { O } from "../../kernel/open-flags.ts";
import { syncfs } from "../../kernel/sync.ts";
import { contentDigest } from "../content/content-digest.ts";
import { readTreeFile } from "../content/read-file.ts";
import { MissingPath } from "../content/select.ts";
import { applyActions } from "../files/apply.ts";
import type { FromThread, Job, Outcome, ToThread } from "./protocol.ts";

declare const self: Worker;

async function carryOut(job: Job): Promise<Outcome> {
  switch (job.kind) {
    case "digest":
      return { kind: "digest", digest: contentDigest(job.root, job.wanted) };
    case "apply":
      await applyActions(job);
      return { kind: "apply" };
    case "read":
      return { kind: "read", bytes: readTreeFile(job.root, job.path, job.maxBytes) };
    case "copy": {
      using from = openPath(job.root, O.RDONLY | O.DIRECTORY);
      using to = openPath(job.to, O.RDONLY | O.DIRECTORY);
      copyTree(from, to, () => undefined);
      return { kind: "copy" };
    }
    case "sync": {
      using root = openPath(job.root, O.RDONLY | O.DIRECTORY);
      syncfs(root.fd);
      return { kind: "sync" };
    }
  }
}

async function answer({ id, job }: ToThread): Promise<FromThread> {
  try {
    return { id, outcome: await carryOut(job) };
  } catch (error) {
    const code = error instanceof SysError ? { code: error.code } : {};
    return { id, failure: { message: messageOf(error), isMissing: error instanceof MissingPath, ...code } };
  }
}

self.onmessage = ({ data }: MessageEvent<ToThread>): void => {
  void answer(data).then((message) => self.postMessage(message));
};
