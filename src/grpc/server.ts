/** Serves gRPC on a connection that was taken over from HTTP/1.1. Read only when the first such connection comes: Node's HTTP/2 is large. */
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "../base/duplex.ts";
import type { Logger } from "../base/log.ts";
import { frame, unframed } from "./frames.ts";
import { chunksOf, StreamWriter } from "./http2-stream.ts";
import type { Call, Endpoint } from "./method.ts";
import { toNodeDuplex } from "./node-duplex.ts";
import { CODE, GrpcError, OK_TRAILERS, type Trailers, toGrpcError, toTrailers } from "./status.ts";

const WINDOW_BYTES = 8 * 1024 * 1024;

/** Settles when the connection is gone; calls that still run are aborted then. */
export async function serveGrpc(peer: Duplex, endpoints: ReadonlyMap<string, Endpoint>, log: Logger): Promise<void> {
  const session = performServerHandshake(toNodeDuplex(peer), { settings: { initialWindowSize: WINDOW_BYTES } });
  session.on("error", (error: Error) => log.debug("grpc.connection.failed", { error: error.message }));
  session.on("connect", () => widen(session));
  session.on("stream", (stream, _headers, _flags, raw) => void serveCall(stream, headersOf(raw), endpoints));
  await peer.closed;
}

/** The window of the connection as a whole, which settings do not reach. */
function widen(session: ServerHttp2Session): void {
  session.setLocalWindowSize(WINDOW_BYTES);
}

/** Node joins headers of one name with commas, which their values may hold themselves. */
function headersOf(raw: readonly string[]): Call["headers"] {
  const headers: Record<string, string | string[]> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = "", value = ""] = raw.slice(at, at + 2);
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

/** Never rejects: how it went stands in the trailers. */
async function serveCall(
  stream: ServerHttp2Stream,
  headers: Call["headers"],
  endpoints: ReadonlyMap<string, Endpoint>,
): Promise<void> {
  const aborter = new AbortController();
  stream.on("close", () => aborter.abort(new GrpcError(CODE.canceled, "context canceled")));
  stream.on("error", () => undefined);
  let trailers = OK_TRAILERS;
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => sendTrailers(stream, trailers));
  const writer = new StreamWriter(stream);
  try {
    await answer({ stream, writer }, { headers, signal: aborter.signal }, endpoints.get(String(headers[":path"])));
  } catch (error) {
    trailers = toTrailers(toGrpcError(error));
  }
  writer.end();
}

async function answer(
  { stream, writer }: { stream: ServerHttp2Stream; writer: StreamWriter },
  call: Call,
  endpoint: Endpoint | undefined,
): Promise<void> {
  if (endpoint === undefined) {
    const { ":path": path } = call.headers;
    throw new GrpcError(CODE.unimplemented, `unknown method ${String(path)}`);
  }
  for await (const message of endpoint.serve(unframed(chunksOf(stream)), call)) await writer.write(frame(message));
}

function sendTrailers(stream: ServerHttp2Stream, trailers: Trailers): void {
  if (!stream.destroyed && !stream.closed) stream.sendTrailers({ ...trailers });
}
