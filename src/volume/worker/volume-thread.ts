/** The worker's side: what takes long or may hang, away from the engine's event loop. Entry point of a Worker; not imported. */
import { messageOf } from "../../base/errors.ts";
import { type Copied, copyTree } from "../../files/copy-tree.ts";
import { surveyTree } from "../../files/survey-tree.ts";
import { openPath } from "../../kernel/at.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { O } from "../../kernel/open-flags.ts";
import { syncfs } from "../../kernel/sync.ts";
import { mountVolume } from "../mount-volume.ts";
import { withServerAddress } from "../server-address.ts";
import type { FromWorker, Job, Outcome, ToWorker } from "./protocol.ts";

declare const self: Worker;

const PROGRESS_EVERY_MS = 100;
const NOTHING: Outcome = { files: 0, bytes: 0, fingerprint: "" };

const send = (message: FromWorker): void => self.postMessage(message);
const openDirectory = (path: string): OwnedFd => openPath(path, O.RDONLY | O.DIRECTORY);

async function run(job: Job, checkpoint: (copied?: Copied) => void): Promise<Outcome> {
  switch (job.kind) {
    case "mount":
      mountVolume(await withServerAddress(job.wanted), job.target);
      return NOTHING;
    case "copy":
      return { ...NOTHING, ...copy(job.from, job.to, checkpoint) };
    case "survey": {
      using directory = openDirectory(job.directory);
      return surveyTree(directory, checkpoint);
    }
    case "sync": {
      using directory = openDirectory(job.directory);
      syncfs(directory.fd);
      return NOTHING;
    }
  }
}

function copy(from: string, to: string, checkpoint: (copied: Copied) => void): Copied {
  using source = openDirectory(from);
  using target = openDirectory(to);
  const copied = copyTree(source, target, checkpoint);
  syncfs(target.fd);
  return copied;
}

/** Tells how far a copy is, now and then, and ends the job when that is wanted. */
function createCheckpoint(cancelled: Int32Array): (copied?: Copied) => void {
  let last = performance.now();
  return (copied) => {
    if (Atomics.load(cancelled, 0) !== 0) throw new Error("context canceled");
    if (copied === undefined || performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    send({ type: "progress", copied });
  };
}

self.onmessage = ({ data: { job, cancelled } }: MessageEvent<ToWorker>): void => {
  run(job, createCheckpoint(new Int32Array(cancelled))).then(
    (outcome) => send({ type: "done", outcome }),
    (error: unknown) => send({ type: "failure", message: messageOf(error) }),
  );
};
