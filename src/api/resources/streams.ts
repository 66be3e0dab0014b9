/** What streams from and to a container: logs, statistics, and attach, hijacked or over a websocket. */
import { invalidParameter, messageOf } from "../../base/errors.ts";
import { parseDetachKeys } from "../../engine/container/detach-keys.ts";
import { parseTail, type Query } from "../../wire/query.ts";
import { type Answer, byteStream, jsonLines, MULTIPLEXED_STREAM, RAW_STREAM, streamHead } from "../answer.ts";
import type { AttachOptions, ContainerBackend } from "../backend.ts";
import { statusOf } from "../failure.ts";
import { HIJACKED } from "../http/message.ts";
import { statusText } from "../http/status-text.ts";
import { acceptWebsocket } from "../http/websocket.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";
import { demultiplexed } from "./framing.ts";

export function streamRoutes(backend: ContainerBackend): Route[] {
  return [
    { method: "GET", pattern: "/containers/{name}/logs", handle: (call) => logs(backend, call) },
    { method: "GET", pattern: "/containers/{name}/stats", handle: (call) => stats(backend, call) },
    { method: "POST", pattern: "/containers/{name}/attach", handle: (call) => attach(backend, call) },
    { method: "GET", pattern: "/containers/{name}/attach/ws", handle: (call) => attachWebsocket(backend, call) },
  ];
}

/** The content type that tells clients since 1.42 whether the stream is multiplexed. */
export function streamType(tty: boolean, version: string): string {
  return tty || isBelow(version, "1.42") ? RAW_STREAM : MULTIPLEXED_STREAM;
}

function logs(backend: ContainerBackend, { name, request, version }: Call): Answer {
  const { query, signal } = request;
  const stdout = query.bool("stdout");
  const stderr = query.bool("stderr");
  if (!stdout && !stderr) throw invalidParameter("Bad parameters: you must choose at least one stream");
  const until = query.timestampNs("until");
  const { tty, bytes } = backend.logs(
    name,
    {
      follow: query.bool("follow"),
      stdout,
      stderr,
      since: query.timestampNs("since"),
      until: until === 0n ? undefined : until,
      timestamps: query.bool("timestamps"),
      tail: parseTail(query.text("tail")),
    },
    signal,
  );
  return byteStream(streamType(tty, version), bytes);
}

/** Streams unless told not to. */
function stats(backend: ContainerBackend, { name, request }: Call): Answer {
  const { query, signal } = request;
  const stream = query.bool("stream", true);
  const oneShot = query.bool("one-shot");
  if (stream && oneShot) throw invalidParameter("cannot have stream=true and one-shot=true");
  return jsonLines(backend.stats(name, { stream, oneShot }, signal));
}

async function attach(backend: ContainerBackend, call: Call): Promise<Answer> {
  const { name, request, version } = call;
  const begun = await beginAttach(backend, call);
  if (begun === undefined) return HIJACKED;
  const { options, tty } = begun;
  const peer = await request.hijack(streamHead(request.headers.has("upgrade"), streamType(tty, version)));
  await backend.attach(name, options, peer);
  return HIJACKED;
}

/** Undefined once a refusal is told: in plain words, as Docker has the connection taken over by then (moby container_routes.go). */
async function beginAttach(
  backend: ContainerBackend,
  { name, request }: Call,
): Promise<{ options: AttachOptions; tty: boolean } | undefined> {
  try {
    return { options: attachOptions(request.query), ...backend.attachInfo(name) };
  } catch (error) {
    const status = statusOf(error);
    const reason = statusText(status);
    const peer = await request.hijack({ status, reason, headers: [["Content-Type", RAW_STREAM]] });
    await peer.write(Buffer.from(`${messageOf(error)}\r\n`)).catch(() => undefined);
    peer.end();
    return undefined;
  }
}

/** Both outputs come unframed, as messages of whatever size they were written in. */
async function attachWebsocket(backend: ContainerBackend, { name, request, version }: Call): Promise<Answer> {
  const options = attachOptions(request.query);
  const { tty } = backend.attachInfo(name);
  const peer = await acceptWebsocket(request, isBelow(version, "1.28") ? "text" : "binary");
  await backend.attach(name, options, tty ? peer : demultiplexed(peer));
  return HIJACKED;
}

function attachOptions(query: Query): AttachOptions {
  const detachKeys = query.text("detachKeys");
  parseDetachKeys(detachKeys);
  return {
    logs: query.bool("logs"),
    stream: query.bool("stream"),
    stdin: query.bool("stdin"),
    stdout: query.bool("stdout"),
    stderr: query.bool("stderr"),
    detachKeys,
  };
}
