/** The client against peers that answer byte for byte what a test tells them. */
import { afterEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type SocketStream, streamHandlers } from "../base/socket-stream.ts";
import { ByteReader } from "../wire/byte-reader.ts";
import { parseRequestHead, type RequestHead, requestFraming } from "../wire/http1.ts";
import { collect, encodeChunk, LAST_CHUNK, readBody } from "../wire/http1-body.ts";
import { type Client, createClient } from "./client.ts";
import { ClientError } from "./errors.ts";
import { connectUnixOnNode } from "./node-transport.ts";

interface Request {
  readonly head: RequestHead;
  readonly body: string;
  /** Counts from 1. */
  readonly connection: number;
}

type Answer = (request: Request, stream: SocketStream, reader: ByteReader) => string | undefined;

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A peer that answers each request in turn; undefined means that it took the connection over. */
async function peer(answer: Answer): Promise<{ client: Client; onNode: Client }> {
  const dir = await mkdtemp(`${tmpdir()}/client-`);
  undo.push(() => rm(dir, { recursive: true }));
  const socketPath = `${dir}/s`;
  let connections = 0;
  const serve = async (stream: SocketStream): Promise<void> => {
    const connection = ++connections;
    const reader = new ByteReader(stream.readable);
    for (;;) {
      const bytes = await reader.readThrough("\r\n\r\n", 65536);
      if (bytes === undefined) return stream.end();
      const head = parseRequestHead(bytes);
      const body = Buffer.from(await collect(readBody(reader, requestFraming(head)), 1e6)).toString();
      const text = answer({ head, body, connection }, stream, reader);
      if (text === undefined) return;
      await stream.write(Buffer.from(text));
    }
  };
  const server = Bun.listen({
    unix: socketPath,
    allowHalfOpen: true,
    socket: streamHandlers((stream) => void serve(stream)),
  });
  undo.push(() => server.stop(true));
  const client = createClient({ socketPath });
  const onNode = createClient({ socketPath, connect: () => connectUnixOnNode(socketPath) });
  undo.push(() => client.close());
  undo.push(() => onNode.close());
  return { client, onNode };
}

const json = (value: unknown, status = "200 OK", headers = ""): string => {
  const body = JSON.stringify(value);
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
};

test("a call becomes one request: method, path with version, query, JSON body", async () => {
  const seen: Request[] = [];
  const { client } = await peer((request) => {
    seen.push(request);
    return json({ Id: "abc", Warnings: [] }, "201 Created");
  });
  const created = await client.containers.create({ Image: "a b" }, { name: "x/y" });
  expect(created.Id).toBe("abc");
  const [{ head, body }] = seen as [Request];
  expect(`${head.method} ${head.target}`).toBe("POST /v1.56/containers/create?name=x%2Fy");
  expect(head.headers.get("content-type")).toBe("application/json");
  expect(body).toBe('{"Image":"a b"}');
});

test("a connection is used again after each answer, and several calls at once have several", async () => {
  const { client } = await peer(({ connection }) => json([{ Id: String(connection) }]));
  const one = async () => (await client.containers.list())[0]?.Id;
  expect([await one(), await one(), await one()]).toEqual(["1", "1", "1"]);
  expect(new Set(await Promise.all([one(), one()])).size).toBe(2);
});

test("a connection that the engine closes after the answer is not used again", async () => {
  const { client } = await peer(({ connection }) =>
    json([{ Id: String(connection) }], "200 OK", "Connection: close\r\n"),
  );
  const one = async () => (await client.containers.list())[0]?.Id;
  expect([await one(), await one()]).toEqual(["1", "2"]);
});

test.each([
  ["JSON", json({ message: "No such container: x" }, "404 Not Found"), 404, "No such container: x"],
  ["text", "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nbad\n\n", 500, "bad"],
  ["nothing", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503, "Service Unavailable"],
])("a refusal with %s becomes a ClientError", async (_what, answer, status, message) => {
  const { client } = await peer(() => answer);
  const refused = await client.containers.start("x").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ClientError);
  expect(refused).toMatchObject({ status, message });
});

test("not modified is no failure", async () => {
  const { client } = await peer(() => "HTTP/1.1 304 Not Modified\r\n\r\n");
  await client.containers.start("x");
});

test("an older engine is spoken to in its own version, from the first call", async () => {
  const targets: string[] = [];
  const { client } = await peer(({ head }) => {
    targets.push(head.target);
    const tooNew = !head.target.startsWith("/v1.41/");
    const version = "Api-Version: 1.41\r\n";
    return tooNew
      ? json({ message: "client version 1.56 is too new" }, "400 Bad Request", version)
      : json([], "200 OK", version);
  });
  await client.containers.list();
  await client.images.list();
  expect(targets).toEqual(["/v1.56/containers/json", "/v1.41/containers/json", "/v1.41/images/json"]);
});

test("a bad request to an engine of our version stays a bad request", async () => {
  const { client } = await peer(() => json({ message: "invalid filter" }, "400 Bad Request", "Api-Version: 1.56\r\n"));
  await expect(client.containers.list()).rejects.toThrow("invalid filter");
});

test("lines of progress arrive one by one, whatever the chunks", async () => {
  const body = Buffer.from('{"id":"a"}\n{"id":"é"}\r\n{"id":"last"}');
  const chunks = Array.from(body, (_byte, at) => encodeChunk(body.subarray(at, at + 1)));
  const { client } = await peer((_request, stream) => {
    const head = Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    void stream.write(Buffer.concat([head, ...chunks, LAST_CHUNK]));
    return undefined;
  });
  const lines = await Array.fromAsync(client.registries.pull("x", "y"));
  expect(lines.map(({ id }) => id)).toEqual(["a", "é", "last"]);
});

test("a stream is sent chunked, after the version is known", async () => {
  const seen: string[] = [];
  const { client } = await peer(({ head, body }) => {
    seen.push(`${head.target} ${head.headers.get("transfer-encoding")} ${body}`);
    return json({ stream: "done" });
  });
  async function* archive(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("one ");
    yield Buffer.from("two");
  }
  await Array.fromAsync(client.images.load(archive()));
  expect(seen).toEqual(["/v1.56/version undefined ", "/v1.56/images/load chunked one two"]);
});

test.each(["client", "onNode"] as const)("an upgraded connection is a stream with two halves (%s)", async (which) => {
  const clients = await peer((_request, stream, reader) => {
    void (async () => {
      const type = "Content-Type: application/vnd.docker.multiplexed-stream\r\n";
      await stream.write(
        Buffer.from(`HTTP/1.1 101 UPGRADED\r\n${type}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst `),
      );
      const heard = Buffer.from(await collect(reader.rest(), 100)).toString();
      await stream.write(Buffer.from(`heard ${heard}`));
      stream.end();
    })();
    return undefined;
  });
  const { stream, multiplexed } = await clients[which].containers.attach("x", { stdin: true, stdout: true });
  expect(multiplexed).toBe(true);
  await stream.write(Buffer.from("question"));
  stream.end();
  expect(Buffer.from(await collect(stream.readable, 100)).toString()).toBe("first heard question");
});

test("wait resolves when the engine waits, and its exit when the container ends", async () => {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const { client } = await peer((_request, stream) => {
    void stream.write(Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    void ended.then(() => stream.write(Buffer.from('10\r\n{"StatusCode":7}\r\n0\r\n\r\n')));
    return undefined;
  });
  const { exit } = await client.containers.wait("x", "next-exit");
  end();
  expect(await exit).toEqual({ StatusCode: 7 });
});

test.each([
  ["no answer at all", ""],
  ["half a head", "HTTP/1.1 200"],
  ["what is not HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
  ["half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"],
])("an engine that gives %s is an error, not a wait", async (_what, text) => {
  const { client } = await peer((_request, stream) => {
    void stream.write(Buffer.from(text)).then(() => stream.close());
    return undefined;
  });
  await expect(client.containers.list()).rejects.toThrow();
});

test("aborting ends a call that waits, with the signal's reason", async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { client } = await peer(() => {
    ask();
    return undefined;
  });
  const abort = new AbortController();
  const waiting = client.containers.wait("x", "next-exit", abort.signal);
  await asked;
  abort.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

test("connecting to nobody is refused", async () => {
  const client = createClient({ socketPath: `${tmpdir()}/nobody-${process.pid}` });
  await expect(client.connect()).rejects.toMatchObject({ code: "ENOENT" });
});
