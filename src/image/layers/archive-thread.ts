/**
 * The worker's side: everything that reads untrusted archives and everything that blocks runs here, away from the engine's
 * event loop. Entry point of a Worker; not imported.
 */
import { messageOf } from "../../base/errors.ts";
import { TarError } from "../../base/tar/entry.ts";
import { indexArchive } from "../archive/index-archive.ts";
import { diffImages } from "../diff/diff-job.ts";
import { compressBlock } from "./compress-block.ts";
import { linkBelow } from "./link-below.ts";
import { Arrival } from "./source.ts";
import { stageLayer } from "./stage-layer.ts";
import { extractLayer, type StoredControl, storedArrival, verifyLayer } from "./stored-layer.ts";
import type { FromWorker, Job, Outcome, ToWorker } from "./worker-protocol.ts";

declare const self: Worker;

const PROGRESS_EVERY_MS = 100;

/** The sources of the jobs that run here. */
const arrivals = new Map<number, Arrival>();

const send = (message: FromWorker): void => self.postMessage(message);

function createReporter(id: number): (bytes: number) => void {
  let last = performance.now();
  return (bytes) => {
    if (performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    send({ type: "progress", id, bytes });
  };
}

async function run(id: number, job: Job): Promise<Outcome> {
  switch (job.kind) {
    case "index":
      return { kind: job.kind, value: await indexArchive(job.request) };
    case "stage":
      return { kind: job.kind, value: await stageLayer(job.request, control(id, new Arrival(job.request.source))) };
    case "verify":
      return {
        kind: job.kind,
        value: await verifyLayer(job.request, control(id, storedArrival(job.request)), job.diffId),
      };
    case "extract":
      await extractLayer(job.request, control(id, storedArrival(job.request)));
      return { kind: job.kind, value: undefined };
    case "link":
      linkBelow(job.request);
      return { kind: job.kind, value: undefined };
    case "diff":
      return { kind: job.kind, value: diffImages(job.request) };
    case "compress":
      return { kind: job.kind, value: compressBlock(job.slice, job.format) };
  }
}

function control(id: number, arrival: Arrival): StoredControl {
  arrivals.set(id, arrival);
  return { arrival, onProgress: createReporter(id) };
}

self.onmessage = ({ data: message }: MessageEvent<ToWorker>): void => {
  const { id } = message;
  if (message.type === "arrived") arrivals.get(id)?.update(message.arrived);
  else if (message.type === "interrupt") arrivals.get(id)?.fail(new Error("context canceled"));
  else {
    run(id, message.job)
      .finally(() => arrivals.delete(id))
      .then(
        (outcome) => send({ type: "result", id, outcome }),
        (error: unknown) => {
          send({ type: "failure", id, message: messageOf(error), archive: error instanceof TarError });
        },
      );
  }
};
