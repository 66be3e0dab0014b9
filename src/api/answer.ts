/** What handlers return: JSON values not yet spelt, so that the version shims work on values; or a reply that is ready. */
import type { Reply, UpgradeHead } from "./http/message.ts";
import { adapt } from "./shims/adapt.ts";
import type { Shapes } from "./shims/shim.ts";

export interface JsonAnswer {
  readonly kind: "json";
  readonly status: number;
  /** The value as clients of an API version know it. */
  readonly value: (version: string) => unknown;
}

/** One JSON document a line, each sent at once; an error in the middle becomes the last line. */
export interface JsonLinesAnswer {
  readonly kind: "jsonLines";
  readonly contentType: string;
  readonly lineEnd: "\n" | "\r\n";
  readonly values: (version: string) => AsyncIterable<unknown>;
}

export type Answer = JsonAnswer | JsonLinesAnswer | Reply;

export const JSON_TYPE = "application/json";
const EMPTY = new Uint8Array();

export function json(status: number, value: unknown): JsonAnswer {
  return { kind: "json", status, value: () => value };
}

/** A value whose shape differs between API versions. */
export function shaped<S extends keyof Shapes>(shape: S, value: Shapes[S]): JsonAnswer {
  return { kind: "json", status: 200, value: (version) => adapt(shape, value, version) };
}

export function jsonLines(values: AsyncIterable<unknown>): JsonLinesAnswer {
  return { kind: "jsonLines", contentType: JSON_TYPE, lineEnd: "\n", values: () => values };
}

/** Progress of images and builds, whose lines end as moby's streamformatter ends them. */
export function progressLines(values: AsyncIterable<unknown>): JsonLinesAnswer {
  return { ...jsonLines(values), lineEnd: "\r\n" };
}

export function shapedLines<S extends keyof Shapes>(
  shape: S,
  values: AsyncIterable<Shapes[S]>,
  contentType: string,
): JsonLinesAnswer {
  return { kind: "jsonLines", contentType, lineEnd: "\n", values: (version) => adaptEach(shape, values, version) };
}

async function* adaptEach<S extends keyof Shapes>(
  shape: S,
  values: AsyncIterable<Shapes[S]>,
  version: string,
): AsyncGenerator<unknown> {
  for await (const value of values) yield adapt(shape, value, version);
}

export function empty(status: number): Reply {
  return { kind: "whole", status, headers: [], body: EMPTY };
}

export function byteStream(contentType: string, body: AsyncIterable<Uint8Array>): Reply {
  return { kind: "stream", status: 200, headers: [["Content-Type", contentType]], body };
}

export const RAW_STREAM = "application/vnd.docker.raw-stream";
export const MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream";

/** The head that turns a request into a stream: with `Upgrade` as HTTP has it, without as Docker always did. */
export function streamHead(hasUpgrade: boolean, contentType: string): UpgradeHead {
  if (!hasUpgrade) return { status: 200, reason: "OK", headers: [["Content-Type", RAW_STREAM]] };
  return {
    status: 101,
    reason: "UPGRADED",
    headers: [
      ["Content-Type", contentType],
      ["Connection", "Upgrade"],
      ["Upgrade", "tcp"],
    ],
  };
}
