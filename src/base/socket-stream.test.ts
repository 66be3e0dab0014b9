/** Streams over real unix sockets: order, back-pressure and half-close. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectUnix, type SocketStream, type StreamData, streamHandlers } from "./socket-stream.ts";

const directory = mkdtempSync(join(tmpdir(), "socket-stream-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** The two ends of one connection. */
async function pair(name: string): Promise<[SocketStream, SocketStream]> {
  const unix = join(directory, name);
  const { promise: accepted, resolve } = Promise.withResolvers<SocketStream>();
  const server = Bun.listen<StreamData>({ unix, allowHalfOpen: true, socket: streamHandlers(resolve) });
  const near = await connectUnix(unix);
  const far = await accepted;
  server.stop();
  return [near, far];
}

async function collect(stream: SocketStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.readable) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("write() carries more than the kernel buffers, in order, to a reader that comes late", async () => {
  const [near, far] = await pair("large");
  const sent = Buffer.from(Uint32Array.from({ length: 1_000_000 }, (_none, at) => at).buffer);
  const writing = near.write(sent);
  near.end();
  const received = await collect(far);
  await writing;
  expect(received.equals(sent)).toBe(true);
  near.close();
  far.close();
});

test("end() closes one direction and leaves the other open", async () => {
  const [near, far] = await pair("half");
  near.end();
  expect((await collect(far)).length).toBe(0);
  await far.write(Buffer.from("still here"));
  far.end();
  expect((await collect(near)).toString()).toBe("still here");
});

test("write() rejects once the connection is gone", async () => {
  const [near, far] = await pair("gone");
  far.close();
  await near.closed;
  expect(near.write(Buffer.from("x"))).rejects.toThrow("write on a closed connection");
});
