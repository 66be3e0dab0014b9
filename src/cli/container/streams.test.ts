/** Streams joined over real sockets: order, halves, back-pressure and detaching. */
import { afterEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Duplex } from "../../base/duplex.ts";
import { connectUnix, type SocketStream, streamHandlers } from "../../base/socket-stream.ts";
import { frame } from "../../wire/multiplex.ts";
import type { Io, Output } from "../io.ts";
import { joinStreams } from "./streams.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Both ends of one connection. */
async function connection(): Promise<{ ours: Duplex; theirs: SocketStream }> {
  const dir = await mkdtemp(`${tmpdir()}/streams-`);
  undo.push(() => rm(dir, { recursive: true }));
  const { promise: accepted, resolve } = Promise.withResolvers<SocketStream>();
  const server = Bun.listen({ unix: `${dir}/s`, allowHalfOpen: true, socket: streamHandlers(resolve) });
  undo.push(() => server.stop(true));
  const ours = await connectUnix(`${dir}/s`);
  return { ours, theirs: await accepted };
}

class Sink implements Output {
  text = "";
  async write(bytes: string | Uint8Array): Promise<void> {
    this.text += typeof bytes === "string" ? bytes : Buffer.from(bytes).toString();
  }
}

/** Streams of a command; `typed` is what comes from standard input. */
function io(typed: AsyncIterable<Uint8Array>, stdout: Output = new Sink()): Io & { stderr: Sink; raw: boolean[] } {
  const raw: boolean[] = [];
  return {
    stdin: typed,
    stdout,
    stderr: new Sink(),
    raw,
    isTerminal: () => false,
    terminalSize: () => undefined,
    enterRawMode: () => {
      raw.push(true);
      return { [Symbol.dispose]: () => void raw.push(false) };
    },
    onSignal: () => ({ [Symbol.dispose]: () => undefined }),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
/** Types `text` and then waits for ever. */
async function* andStay(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  await new Promise(() => undefined);
}

const PLAIN = { stdin: false, tty: false, detachKeys: "" };

test("frames go to standard output and standard error", async () => {
  const { ours, theirs } = await connection();
  const streams = io(nothing());
  const joined = joinStreams(streams, ours, PLAIN);
  await theirs.write(
    Buffer.concat([frame(1, Buffer.from("out")), frame(2, Buffer.from("err")), frame(1, Buffer.from("put"))]),
  );
  theirs.end();
  expect(await joined).toBe("ended");
  expect([streams.stdout, streams.stderr]).toMatchObject([{ text: "output" }, { text: "err" }]);
});

test("a terminal's bytes arrive as they are, in raw mode only while it lasts", async () => {
  const { ours, theirs } = await connection();
  const streams = io(andStay("x"));
  const joined = joinStreams(streams, ours, { stdin: true, tty: true, detachKeys: "" });
  await theirs.write(Buffer.from("\x01\x1b[0mraw"));
  theirs.end();
  expect(await joined).toBe("ended");
  expect(streams.stdout).toMatchObject({ text: "\x01\x1b[0mraw" });
  expect(streams.raw).toEqual([true, false]);
});

test("the end of input closes its half only: the answer to it still arrives", async () => {
  const { ours, theirs } = await connection();
  const streams = io(once("question"));
  const joined = joinStreams(streams, ours, { ...PLAIN, stdin: true });
  let heard = "";
  for await (const bytes of theirs.readable) heard += Buffer.from(bytes).toString();
  await theirs.write(frame(1, Buffer.from(`heard ${heard}`)));
  theirs.end();
  await joined;
  expect(streams.stdout).toMatchObject({ text: "heard question" });
});

test("the detach keys end it while the container goes on, and are not sent", async () => {
  const { ours, theirs } = await connection();
  const joined = joinStreams(io(andStay("ab\x10\x11cd")), ours, { stdin: true, tty: true, detachKeys: "" });
  expect(await joined).toBe("detached");
  let heard = "";
  for await (const bytes of theirs.readable) heard += Buffer.from(bytes).toString();
  expect(heard).toBe("ab");
});

test("without a terminal the detach keys are bytes like any other", async () => {
  const { ours, theirs } = await connection();
  const joined = joinStreams(io(once("\x10\x11")), ours, { ...PLAIN, stdin: true });
  const received: Uint8Array[] = [];
  for await (const bytes of theirs.readable) received.push(bytes);
  theirs.end();
  expect(await joined).toBe("ended");
  expect(Buffer.concat(received)).toEqual(Buffer.of(0x10, 0x11));
});

test("output waits for a slow reader instead of piling up here", async () => {
  const { ours, theirs } = await connection();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let written = 0;
  const slow: Output = {
    async write(bytes) {
      written += bytes.length;
      await released;
    },
  };
  const joined = joinStreams(io(nothing(), slow), ours, { ...PLAIN, tty: true });
  let sent = 0;
  const sending = (async () => {
    for (let i = 0; i < 64; i++) {
      await theirs.write(Buffer.alloc(1024 * 1024));
      sent += 1024 * 1024;
    }
    theirs.end();
  })();
  const stalled = await Promise.race([sending.then(() => false), untilStill(() => sent)]);
  expect(stalled).toBe(true);
  expect(sent).toBeLessThan(8 * 1024 * 1024);
  release();
  await Promise.all([sending, joined]);
  expect(written).toBe(64 * 1024 * 1024);
});

/** Resolves once `value` has stayed the same for many turns of the event loop. */
async function untilStill(value: () => number): Promise<true> {
  for (let last = -1, still = 0; still < 50; ) {
    await Bun.sleep(1);
    still = value() === last ? still + 1 : 0;
    last = value();
  }
  return true;
}

test("a reader of ours that went away ends it with its error", async () => {
  const { ours, theirs } = await connection();
  const gone: Output = { write: () => Promise.reject(Object.assign(new Error("broken"), { code: "EPIPE" })) };
  const joined = joinStreams(io(nothing(), gone), ours, { ...PLAIN, tty: true });
  await theirs.write(Buffer.from("x"));
  await expect(joined).rejects.toMatchObject({ code: "EPIPE" });
  await theirs.closed;
});
