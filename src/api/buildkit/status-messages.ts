/** A build's progress in BuildKit's messages. Pure. */
import type { SourcePlace } from "../../build/operation.ts";
import type { ProgressEvent, StatusEvent, VertexEvent, WarningEvent } from "../../build/progress.ts";
import { toTimestamp } from "../../wire/buildkit/common.ts";
import type { StatusResponse } from "../../wire/buildkit/control.ts";
import type { Sendable } from "../../wire/protobuf/message.ts";

type Status = Sendable<StatusResponse>;

export function toStatus(event: ProgressEvent): Status {
  switch (event.kind) {
    case "vertex":
      return { vertexes: [toVertex(event)] };
    case "status":
      return { statuses: [toVertexStatus(event)] };
    case "log": {
      const { vertex, stream, at, bytes } = event;
      return { logs: [{ vertex, stream: stream === "stdout" ? 1 : 2, timestamp: toTimestamp(at), msg: bytes }] };
    }
    case "warning":
      return { warnings: [toWarning(event)] };
  }
}

const optionalTime = (ms: number | undefined): ReturnType<typeof toTimestamp> | undefined =>
  ms === undefined ? undefined : toTimestamp(ms);

function toVertex({ digest, name, inputs, started, completed, cached, error, group }: VertexEvent) {
  return {
    digest,
    name,
    inputs: [...inputs],
    cached: cached === true,
    started: optionalTime(started),
    completed: optionalTime(completed),
    error: error ?? "",
    progressGroup: group,
  };
}

function toVertexStatus({ vertex, id, current, total, started, at, completed }: StatusEvent) {
  return {
    id,
    vertex,
    name: id,
    current,
    total,
    timestamp: toTimestamp(at),
    started: toTimestamp(started),
    completed: optionalTime(completed),
  };
}

function toWarning({ vertex, level, short, detail, url, place }: WarningEvent) {
  return {
    vertex,
    level,
    short: Buffer.from(short),
    detail: detail.map((line) => Buffer.from(line)),
    url,
    ...(place === undefined ? {} : { info: toSourceInfo(place), ranges: [toRange(place)] }),
  };
}

export function toSourceInfo({ fileName, text }: SourcePlace) {
  return { filename: fileName, data: Buffer.from(text), language: "Dockerfile" };
}

export function toRange({ lines }: SourcePlace) {
  return { start: { line: lines.first }, end: { line: lines.last } };
}
