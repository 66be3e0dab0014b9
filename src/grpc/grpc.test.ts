import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { invalidParameter } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import { bytes, integer, string } from "../wire/protobuf/field.ts";
import { message } from "../wire/protobuf/message.ts";
import { GrpcClient } from "./client.ts";
import { frame, unframed } from "./frames.ts";
import { bidirectional, type Endpoint, method, serverStreaming, unary } from "./method.ts";
import { conversation } from "./open-call.ts";
import { serveGrpc } from "./server.ts";
import { CODE, fromRpcStatus, GrpcError } from "./status.ts";
import { createDuplexPair } from "./testing.ts";

const Text = message({ text: string(1) });
const Count = message({ count: integer(1) });
const Bytes = message({ data: bytes(1) });
const GREET = method("/t.T/Greet", Text, Text);
const LIST = method("/t.T/List", Text, Text);
const COUNT = method("/t.T/Count", Count, Count);
const ECHO = method("/t.T/Echo", Bytes, Bytes);
const FAIL = method("/t.T/Fail", Text, Text);
const HANG = method("/t.T/Hang", Text, Text);

const REFUSE = method("/t.T/Refuse", Bytes, Bytes);
const TALK = method("/t.T/Talk", Count, Count);

const aborted = Promise.withResolvers<unknown>();

const ENDPOINTS: readonly Endpoint[] = [
  unary(GREET, ({ text }, { headers }) => ({ text: `hello ${text} of ${String(headers["x-from"])}` })),
  conversation(REFUSE, async (peer) => {
    for await (const _ of peer.answers) throw new GrpcError(CODE.unknown, "enough");
  }),
  unary(LIST, (_, { headers }) => ({ text: JSON.stringify(headers["x-from"]) })),
  serverStreaming(COUNT, async function* ({ count }) {
    for (let at = 0; at < count; at++) yield { count: at + 1 };
  }),
  bidirectional(ECHO, async function* (requests) {
    for await (const { data } of requests) yield { data };
  }),
  unary(FAIL, ({ text }) => {
    if (text === "engine") throw invalidParameter("50 % of ü is bad");
    throw new GrpcError(CODE.unknown, "boom", [{ type: "errdefs.Vertex", json: { digest: "x" } }]);
  }),
  conversation(TALK, async (peer) => {
    for await (const { count } of peer.answers) {
      await Promise.all(Array.from({ length: count }, (_, at) => peer.send({ count: at })));
    }
    peer.end();
  }),
  serverStreaming(HANG, async function* (_, { signal }) {
    yield { text: "here" };
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    aborted.resolve(signal.reason);
  }),
];

function connect(): GrpcClient {
  const [near, far] = createDuplexPair();
  void serveGrpc(
    near,
    new Map(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint])),
    createLogger(() => undefined),
  );
  return new GrpcClient(far);
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("a call is answered, and sees its metadata", async () => {
  expect(await connect().call(GREET, { text: "you" }, { "x-from": "me" })).toEqual({ text: "hello you of me" });
});

test("metadata of one name stay apart, whatever is in them", async () => {
  expect((await connect().call(LIST, {}, { "x-from": ["a, b", "c"] })).text).toBe('["a, b","c"]');
});

test("answers stream in order and end", async () => {
  const call = connect().open(COUNT);
  await call.send({ count: 300 });
  call.end();
  const counts = (await Array.fromAsync(call.answers)).map(({ count }) => count);
  expect(counts).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
});

/** Of 3 MiB each, more than the windows of both sides take. */
const MESSAGES = 4;

test("large messages go through both ways at once", async () => {
  const call = connect().open(ECHO);
  const chunk = Buffer.alloc(3 << 20, "x");
  const sending = (async () => {
    for (let at = 0; at < MESSAGES; at++) await call.send({ data: chunk });
    call.end();
  })();
  let total = 0;
  for await (const { data } of call.answers) total += data.length;
  await sending;
  expect(total).toBe(MESSAGES * chunk.length);
});

test("a server that talks as a client does is held back until its answers are read", async () => {
  const call = connect().open(TALK);
  await call.send({ count: 100 });
  await call.send({ count: 50 });
  call.end();
  const counts = (await Array.fromAsync(call.answers)).map(({ count }) => count);
  expect(counts).toEqual([...Array(100).keys(), ...Array(50).keys()]);
});

test("a failure that a peer tells in a message keeps its details", () => {
  const value = Buffer.from(JSON.stringify({ ranges: [] }));
  const details = [{ typeUrl: "github.com/moby/buildkit/errdefs.Source+json", value }];
  expect(fromRpcStatus({ code: CODE.unknown, message: "no", details })).toMatchObject({
    code: CODE.unknown,
    message: "no",
    details: [{ type: "errdefs.Source", json: { ranges: [] } }],
  });
});

test("an error comes with its code, its text and its details", async () => {
  const client = connect();
  expect(await failureOf(client.call(FAIL, { text: "engine" }))).toMatchObject({
    code: CODE.unknown,
    message: "50 % of ü is bad",
  });
  expect(await failureOf(client.call(FAIL, {}))).toMatchObject({
    message: "boom",
    details: [{ type: "errdefs.Vertex", json: { digest: "x" } }],
  });
});

test("a server that will have no more ends the call, however much is on its way to it", async () => {
  const call = connect().open(REFUSE);
  const sending = (async () => {
    for (;;) await call.send({ data: new Uint8Array(1 << 20) });
  })();
  expect(await failureOf(Array.fromAsync(call.answers))).toMatchObject({ message: "enough" });
  expect(await failureOf(sending)).toBeInstanceOf(GrpcError);
});

test("an unknown method is unimplemented", async () => {
  const unknown = method("/t.T/No", Text, Text);
  expect(await failureOf(connect().call(unknown, {}))).toMatchObject({ code: CODE.unimplemented });
});

test("who cancels a call aborts it at the other side", async () => {
  const call = connect().open(HANG);
  await call.send({});
  for await (const { text } of call.answers) {
    expect(text).toBe("here");
    break;
  }
  call.cancel();
  expect(await aborted.promise).toBeInstanceOf(GrpcError);
});

test("calls on a connection that is gone are refused", async () => {
  const [near, far] = createDuplexPair();
  void serveGrpc(
    near,
    new Map(),
    createLogger(() => undefined),
  );
  const client = new GrpcClient(far);
  near.close();
  await client.closed;
  expect(await failureOf(client.call(GREET, {}))).toMatchObject({ code: CODE.unavailable });
});

test("a message that comes byte by byte takes little more than its room", async () => {
  const framed = frame(new Uint8Array(1 << 20));
  let kept = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < framed.length; at++) {
      if (at === framed.length - 1) {
        Bun.gc(true);
        kept = heapStats().objectTypeCounts["Uint8Array"] ?? 0;
      }
      yield framed.subarray(at, at + 1);
    }
  }
  const [message] = await Array.fromAsync(unframed(bytes()));
  expect(message).toHaveLength(1 << 20);
  expect(kept).toBeLessThan(framed.length / 50);
});

test("a message that says that it is enormous is refused before it comes", async () => {
  const head = Uint8Array.from([0, 0xff, 0xff, 0xff, 0xff]);
  await expect(Array.fromAsync(unframed(new Blob([head]).stream()))).rejects.toThrow("too large");
});
