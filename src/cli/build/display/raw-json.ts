/** A build's progress as JSON, one message a line, in the shape of BuildKit's clients (client.SolveStatus). Pure. */
import type { Timestamp } from "../../../wire/buildkit/common.ts";
import type { StatusResponse } from "../../../wire/buildkit/control.ts";
import type { MessageOf } from "../../../wire/protobuf/message.ts";

export function rawJson({ vertexes, statuses, logs, warnings }: StatusResponse): string {
  const message = {
    ...list("vertexes", vertexes.map(toVertex)),
    ...list("statuses", statuses.map(toStatus)),
    ...list(
      "logs",
      logs.map(({ vertex, stream, msg, timestamp }) => ({
        vertex,
        stream,
        data: base64(msg),
        ...time("timestamp", timestamp),
      })),
    ),
    ...list("warnings", warnings.map(toWarning)),
  };
  return `${JSON.stringify(message)}\n`;
}

/** What is empty is left out. */
const list = (name: string, items: readonly unknown[]): object => (items.length === 0 ? {} : { [name]: items });
const word = (name: string, text: string): object => (text === "" ? {} : { [name]: text });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

function time(name: string, stamp: MessageOf<typeof Timestamp> | undefined): object {
  if (stamp === undefined) return {};
  const seconds = new Date(stamp.seconds * 1000).toISOString().slice(0, -".000Z".length);
  const fraction = String(stamp.nanos).padStart(9, "0").replace(/0+$/, "");
  return { [name]: `${seconds}${fraction === "" ? "" : `.${fraction}`}Z` };
}

function toVertex({
  digest,
  inputs,
  name,
  started,
  completed,
  cached,
  error,
  progressGroup,
}: StatusResponse["vertexes"][number]) {
  return {
    digest,
    ...list("inputs", inputs),
    ...word("name", name),
    ...time("started", started),
    ...time("completed", completed),
    ...(cached ? { cached } : {}),
    ...word("error", error),
    ...(progressGroup === undefined ? {} : { progressGroup }),
  };
}

function toStatus({
  id,
  vertex,
  name,
  total,
  current,
  timestamp,
  started,
  completed,
}: StatusResponse["statuses"][number]) {
  return {
    id,
    vertex,
    ...word("name", name),
    ...(total === 0 ? {} : { total }),
    current,
    ...time("timestamp", timestamp),
    ...time("started", started),
    ...time("completed", completed),
  };
}

function toWarning({ vertex, level, short, detail, url, info, ranges }: StatusResponse["warnings"][number]) {
  return {
    vertex,
    level,
    short: base64(short),
    ...list("detail", detail.map(base64)),
    ...word("url", url),
    ...(info === undefined
      ? {}
      : { sourceInfo: { filename: info.filename, data: base64(info.data), language: info.language } }),
    ...list("range", ranges),
  };
}
