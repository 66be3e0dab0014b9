/** Exec sessions: create, start, inspect, resize. */
import type { Duplex } from "../../base/duplex.ts";
import { decodeExecCreate, decodeExecStart } from "../../wire/decode/exec.ts";
import { parseResize } from "../../wire/query.ts";
import { checkNoNul } from "../../wire/validate/config.ts";
import { type Answer, empty, json, streamHead } from "../answer.ts";
import type { ExecBackend } from "../backend.ts";
import { readJson } from "../body.ts";
import { HIJACKED } from "../http/message.ts";
import { isBelow } from "../negotiate.ts";
import type { Call, Route } from "../router.ts";
import { demultiplexed, multiplexed } from "./framing.ts";
import { streamType } from "./streams.ts";

export function execRoutes(backend: ExecBackend): Route[] {
  return [
    { method: "POST", pattern: "/containers/{name}/exec", handle: (call) => create(backend, call) },
    { method: "POST", pattern: "/exec/{name}/start", handle: (call) => start(backend, call) },
    { method: "POST", pattern: "/exec/{name}/resize", handle: (call) => resize(backend, call) },
    { method: "GET", pattern: "/exec/{name}/json", handle: ({ name }) => json(200, backend.inspect(name)) },
  ];
}

async function create(backend: ExecBackend, { name, request, version }: Call): Promise<Answer> {
  const decoded = decodeExecCreate(await readJson(request));
  for (const text of [...decoded.Cmd, decoded.User, decoded.WorkingDir]) checkNoNul(text);
  const wanted = isBelow(version, "1.42") ? { ...decoded, ConsoleSize: null } : decoded;
  return json(201, await backend.create(name, wanted));
}

async function start(backend: ExecBackend, { name, request, version }: Call): Promise<Answer> {
  const decoded = decodeExecStart(await readJson(request));
  const wanted = isBelow(version, "1.42") ? { ...decoded, ConsoleSize: null } : decoded;
  if (wanted.Detach) {
    await backend.startDetached(name, wanted);
    return empty(200);
  }
  const { tty } = backend.startInfo(name, wanted);
  const head = streamHead(request.headers.has("upgrade"), streamType(wanted.Tty, version));
  await backend.startAttached(name, wanted, async () => reframed(await request.hijack(head), tty, wanted.Tty));
  return HIJACKED;
}

/** Whether the stream is framed is the client's choice, whatever the process has (moby daemon/server/router/container/exec.go). */
function reframed(peer: Duplex, hasTerminal: boolean, wantsRaw: boolean): Duplex {
  if (hasTerminal === wantsRaw) return peer;
  return wantsRaw ? demultiplexed(peer) : multiplexed(peer);
}

async function resize(backend: ExecBackend, { name, request }: Call): Promise<Answer> {
  const { height, width } = parseResize(request.query);
  await backend.resize(name, height, width);
  return empty(200);
}
