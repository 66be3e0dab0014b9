/**
 * A file thread: everything that walks, reads or writes trees which may be slow, large or hostile, away from the engine's
 * event loop. Entry point of a Worker; not imported. Jobs run side by side, a block or chunk at a time.
 */
import { messageOf } from "../../base/errors.ts";
import { TarError } from "../../base/tar/entry.ts";
import { SysError } from "../../kernel/errno.ts";
import { treeChanges } from "../changes.ts";
import { Readiness } from "../readiness.ts";
import { openView } from "../view-request.ts";
import { PackJob } from "./pack-job.ts";
import { factsOf } from "./path-facts.ts";
import type { Failure, FromThread, Job, ToThread } from "./protocol.ts";
import { SendJob } from "./send-job.ts";
import { StoreJob } from "./store-job.ts";
import { UnpackJob } from "./unpack-job.ts";

declare const self: Worker;

const send = (message: FromThread): void => {
  if (message.type === "block") self.postMessage(message, [message.bytes.buffer]);
  else self.postMessage(message);
};

const readiness = new Readiness();
const packing = new Map<number, PackJob>();
const unpacking = new Map<number, UnpackJob>();
/** Jobs that only have to be left alone, or canceled. */
const transfers = new Map<number, SendJob | StoreJob>();

function begin(id: number, job: Job): void {
  switch (job.kind) {
    case "pack":
      packing.set(id, new PackJob(id, job, send));
      return;
    case "unpack": {
      const unpack = new UnpackJob(id, job, { send, readiness });
      unpacking.set(id, unpack);
      unpack.finished.then(
        (rest) => end(id, rest),
        (error: unknown) => fail(id, error),
      );
      return;
    }
    case "send":
      return transfer(id, new SendJob(job, readiness));
    case "store":
      return transfer(id, new StoreJob(id, job, { send, readiness }));
    case "stat": {
      using opened = openView(job.view);
      using place = opened.view.locate(job.path, { follow: false });
      send({ type: "found", id, facts: factsOf(opened.view, place) });
      return end(id);
    }
    case "changes": {
      using upper = openView({ root: job.upper });
      using image = openView({ root: job.image });
      send({ type: "changes", id, changes: treeChanges(upper.view, image.view) });
      return end(id);
    }
  }
}

function transfer(id: number, job: SendJob | StoreJob): void {
  transfers.set(id, job);
  job.finished.then(
    (rest) => end(id, rest),
    (error: unknown) => fail(id, error),
  );
}

function sendTo(id: number, fd: number): void {
  packing
    .get(id)
    ?.sendTo(fd, readiness)
    .then(
      () => end(id),
      // One that was canceled has failed already.
      (error: unknown) => packing.has(id) && fail(id, error),
    );
}

function hear(message: ToThread): void {
  const { id } = message;
  switch (message.type) {
    case "job":
      return begin(id, message.job);
    case "grant":
      if (packing.get(id)?.grant(message.blocks) === "finished") end(id);
      return;
    case "sendTo":
      return sendTo(id, message.fd);
    case "receive":
      return unpacking.get(id)?.receive(message);
    case "chunk":
      return unpacking.get(id)?.take(message.bytes);
    case "end":
      return unpacking.get(id)?.end();
    case "cancel":
      if (packing.has(id)) fail(id, new Error("context canceled"));
      else (unpacking.get(id) ?? transfers.get(id))?.cancel(new Error("context canceled"));
      return readiness.wakeAll();
  }
}

/** Everything of the job is closed before the engine hears of its end. */
function end(id: number, rest?: Uint8Array): void {
  forget(id);
  send({ type: "done", id, ...(rest === undefined ? {} : { rest }) });
}

function fail(id: number, error: unknown): void {
  forget(id);
  send({ type: "failed", id, failure: toFailure(error) });
}

function forget(id: number): void {
  packing.get(id)?.[Symbol.dispose]();
  packing.delete(id);
  unpacking.delete(id);
  transfers.delete(id);
}

function toFailure(error: unknown): Failure {
  const failure = { message: messageOf(error), isArchive: error instanceof TarError };
  return error instanceof SysError ? { ...failure, code: error.code, meaning: error.meaning } : failure;
}

self.onmessage = ({ data }: MessageEvent<ToThread>): void => {
  try {
    hear(data);
  } catch (error) {
    fail(data.id, error);
  }
};
