/** The worker's side: what takes long or may hang, away from the engine's event loop. Entry point of a Worker; not imported. */
import { messageOf } from "../../base/errors.ts";
import { copyTree } from "../../files/copy-tree.ts";
import { openPath } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { syncfs } from "../../kernel/sync.ts";
import { mountVolume } from "../mount-volume.ts";
import { withServerAddress } from "../server-address.ts";
import type { Copied, FromWorker, Job, ToWorker } from "./protocol.ts";

declare const self: Worker;

const PROGRESS_EVERY_MS = 100;

const send = (message: FromWorker): void => self.postMessage(message);

async function run(job: Job, checkpoint: (copied: Copied) => void): Promise<Copied> {
  switch (job.kind) {
    case "mount":
      mountVolume(await withServerAddress(job.wanted), job.target);
      return { files: 0, bytes: 0 };
    case "copy": {
      using from = openPath(job.from, O.RDONLY | O.DIRECTORY);
      using to = openPath(job.to, O.RDONLY | O.DIRECTORY);
      const copied = copyTree(from, to, checkpoint);
      syncfs(to.fd);
      return copied;
    }
  }
}

/** Tells how far the job is, now and then, and ends it when that is wanted. */
function createCheckpoint(cancelled: Int32Array): (copied: Copied) => void {
  let last = performance.now();
  return (copied) => {
    if (Atomics.load(cancelled, 0) !== 0) throw new Error("context canceled");
    if (performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    send({ type: "progress", copied });
  };
}

self.onmessage = ({ data: { job, cancelled } }: MessageEvent<ToWorker>): void => {
  run(job, createCheckpoint(new Int32Array(cancelled))).then(
    (copied) => send({ type: "done", copied }),
    (error: unknown) => send({ type: "failure", message: messageOf(error) }),
  );
};
