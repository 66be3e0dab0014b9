/**
 * The worker's side: everything that reads untrusted archives and everything that blocks runs here, away from the engine's
 * event loop. Entry point of a Worker; not imported.
 */
import { messageOf } from "../../base/errors.ts";
import { TarError } from "../../base/tar/entry.ts";
import { openPath } from "../../kernel/at.ts";
import { O } from "../../kernel/open-flags.ts";
import { syncfs } from "../../kernel/sync.ts";
import { indexArchive } from "../archive/index-archive.ts";
import { type UnpackedLayer, type UnpackRequest, unpackLayer } from "./unpack-layer.ts";
import type { FromWorker, Job, Outcome, ToWorker } from "./worker-protocol.ts";

declare const self: Worker;

const PROGRESS_EVERY_MS = 100;
let interrupted = false;

const send = (message: FromWorker): void => self.postMessage(message);

function createReporter(): (bytes: number) => void {
  let last = performance.now();
  return (bytes) => {
    if (performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    send({ type: "progress", bytes });
  };
}

function sync(directory: string): void {
  using opened = openPath(directory, O.RDONLY | O.DIRECTORY);
  syncfs(opened.fd);
}

function unpack(request: UnpackRequest): Promise<UnpackedLayer> {
  return unpackLayer(request, {
    onProgress: createReporter(),
    interrupted: () => (interrupted ? new Error("context canceled") : undefined),
  });
}

async function run(job: Job): Promise<Outcome> {
  switch (job.kind) {
    case "index":
      return { kind: "index", index: await indexArchive(job.request) };
    case "unpack":
      return { kind: "unpack", layer: await unpack(job.request) };
    case "sync":
      sync(job.directory);
      return { kind: "sync" };
  }
}

self.onmessage = (event: MessageEvent<ToWorker>): void => {
  const message = event.data;
  if (message.type === "interrupt") {
    interrupted = true;
    return;
  }
  run(message.job).then(
    (outcome) => send({ type: "result", outcome }),
    (error: unknown) => send({ type: "failure", message: messageOf(error), archive: error instanceof TarError }),
  );
};
