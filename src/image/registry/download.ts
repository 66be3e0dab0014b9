/** Fetches what a partial blob lacks: large ones over several connections, each going on where it was cut. */
import { systemError } from "../../base/errors.ts";
import type { Digest } from "../reference.ts";
import type { Claim, PartialBlob } from "./partial-blob.ts";
import { RegistryError } from "./registry-error.ts";
import type { Repository } from "./repository.ts";
import { pause, pauseAfter } from "./retry.ts";
import type { Incoming } from "./transport.ts";

export interface BlobSource {
  readonly repository: Repository;
  readonly digest: Digest;
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Failures in a row, without progress between them, before it is given up. */
  readonly attempts: number;
  readonly firstPauseMs: number;
  readonly onProgress: (bytes: number) => void;
  readonly onPause: (seconds: number) => void;
}

const CONNECTIONS = 3;
/** Fewer bytes than this between two failures are no progress: whoever trickles must not hold us for ever. */
const PROGRESS_BYTES = 64 * 1024;

/** Resolves once the blob is whole. Throws what the registry said last. */
export async function download(blob: PartialBlob, source: BlobSource, options: DownloadOptions): Promise<void> {
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);
  const lanes = Math.max(1, Math.min(CONNECTIONS, blob.openSegments));
  const state = { ranges: true };
  const running = Array.from({ length: lanes }, () => fill(blob, source, { options: { ...options, signal }, state }));
  try {
    await Promise.all(running);
  } catch (error) {
    abort.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
}

interface Lane {
  readonly options: DownloadOptions;
  /** Whether the server serves ranges; told to all lanes. */
  readonly state: { ranges: boolean };
}

/** One connection: takes missing stretches until there are none. */
async function fill(blob: PartialBlob, source: BlobSource, lane: Lane): Promise<void> {
  const { options } = lane;
  const { signal, attempts, firstPauseMs } = options;
  for (let failed = 0; ; ) {
    const claim = blob.claim();
    if (claim === undefined || !lane.state.ranges) return;
    const before = blob.arrivedBytes;
    try {
      await fetchStretch(blob, source, { claim, lane });
    } catch (error) {
      failed = blob.arrivedBytes - before >= PROGRESS_BYTES ? 1 : failed + 1;
      const pauseMs = failed < attempts ? pauseAfter(error, failed, { attempts, signal, firstPauseMs }) : undefined;
      if (pauseMs === undefined) throw error;
      await pause(pauseMs, { signal, onPause: options.onPause });
    } finally {
      blob.release(claim);
    }
  }
}

interface Stretch {
  readonly claim: Claim;
  readonly lane: Lane;
}

async function fetchStretch(blob: PartialBlob, source: BlobSource, { claim, lane }: Stretch): Promise<void> {
  const { signal } = lane.options;
  const isEverything = claim.next === 0 && claim.end === blob.sizeBytes;
  const answer = await source.repository.call({
    method: "GET",
    target: `blobs/${source.digest}`,
    ...(isEverything ? {} : { headers: { Range: `bytes=${claim.next}-${claim.end - 1}` } }),
    accept: [200, 206, 416],
    attempts: 1,
    signal,
  });
  if (answer.status === 206) {
    checkRange(answer, claim, blob.sizeBytes);
    return receive(blob, answer, { claim, lane });
  }
  // What an earlier attempt has left does not fit what is there now.
  if (answer.status === 416) throw new RegistryError({ message: "requested range not satisfiable", status: 416 });
  checkLength(answer, blob.sizeBytes);
  if (isEverything) return receive(blob, answer, { claim, lane });
  // The server knows no ranges: this connection brings everything, and the others end.
  if (!lane.state.ranges) return answer.discard();
  lane.state.ranges = false;
  const everything = blob.claimAll();
  try {
    await receive(blob, answer, { claim: everything, lane });
  } finally {
    blob.release(everything);
    lane.state.ranges = true;
  }
}

async function receive(blob: PartialBlob, answer: Incoming, { claim, lane }: Stretch): Promise<void> {
  for await (const chunk of answer.body) {
    lane.options.signal.throwIfAborted();
    await blob.write(claim, chunk);
    lane.options.onProgress(blob.arrivedBytes);
    if (claim.next >= claim.end) return;
  }
  if (claim.next < claim.end) throw new RegistryError({ message: "unexpected EOF", transient: true });
}

function checkRange(answer: Incoming, { next, end }: Claim, sizeBytes: number): void {
  const header = answer.headers.get("content-range") ?? "";
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header) ?? [];
  const isRight = Number(first) === next && Number(last) < end && (total === "*" || Number(total) === sizeBytes);
  if (!isRight)
    throw systemError(`the registry answered with another range than was asked for: ${JSON.stringify(header)}`);
}

function checkLength(answer: Incoming, sizeBytes: number): void {
  const header = answer.headers.get("content-length");
  if (header === null || Number(header) === sizeBytes) return;
  throw systemError(`the registry sends ${header} bytes in place of the ${sizeBytes} that the manifest promises`);
}
