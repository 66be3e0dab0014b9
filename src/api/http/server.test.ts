import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copy } from "../../base/duplex.ts";
import { nullLogger } from "../../base/log.ts";
import { connectUnix, type SocketStream } from "../../base/socket-stream.ts";
import { collect } from "../../wire/http1-body.ts";
import { HIJACKED, type Reply, type Request } from "./message.ts";
import { listen, type Server } from "./server.ts";

let directory = "";
let socket = "";
let server: Server;
let client: SocketStream;
/** Signals of requests to /wait, and what became of them. */
let aborted: PromiseWithResolvers<string>;
let waiting: PromiseWithResolvers<void>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "tare-http-"));
  socket = join(directory, "s");
  aborted = Promise.withResolvers();
  waiting = Promise.withResolvers();
  server = await listen([`unix://${socket}`], handler, { log: nullLogger });
  client = await connectUnix(socket);
});

afterEach(async () => {
  client.close();
  await server.close(0);
  rmSync(directory, { recursive: true });
});

const text = (body: string): Reply => ({ kind: "whole", status: 200, headers: [], body: Buffer.from(body) });

async function handler(request: Request): Promise<Reply> {
  switch (request.path) {
    case "/echo":
      return text(`${request.method} ${Buffer.from(await collect(request.body, 1 << 20)).toString()}`);
    case "/ignore":
      return text("ignored");
    case "/stream":
      return { kind: "stream", status: 200, headers: [], body: pieces() };
    case "/break":
      return { kind: "stream", status: 200, headers: [], body: broken() };
    case "/wait":
      return waitForAbort(request);
    case "/hijack":
      return hijack(request);
    default:
      return text(request.path);
  }
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("one");
  yield new Uint8Array();
  yield Buffer.from("two");
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("half");
  throw new Error("the disk is gone");
}

async function waitForAbort({ signal }: Request): Promise<Reply> {
  waiting.resolve();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  aborted.resolve(String(signal.reason));
  return text("aborted");
}

async function hijack(request: Request): Promise<Reply> {
  const peer = await request.hijack({ status: 101, reason: "UPGRADED", headers: [["Upgrade", "tcp"]] });
  await copy(peer.readable, peer);
  peer.end();
  return HIJACKED;
}

const send = (message: string): Promise<void> => client.write(Buffer.from(message));

/** Everything until the server closes, without the dates. */
async function rest(): Promise<string> {
  const bytes = await collect(client.readable, 1 << 24);
  return Buffer.from(bytes)
    .toString()
    .replace(/Date: [^\r]*\r\n/g, "");
}

/** Reads until the answer holds `mark`. */
async function until(mark: string): Promise<string> {
  let got = "";
  for await (const chunk of client.readable) {
    got += Buffer.from(chunk).toString();
    if (got.includes(mark)) return got;
  }
  throw new Error(`the server closed before ${JSON.stringify(mark)}: ${got}`);
}

const CLOSE = "Connection: close\r\n\r\n";

test("requests sent at once are answered in their order on one connection", async () => {
  await send(
    `GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b%20c?d=e HTTP/1.1\r\nHost: x\r\n\r\nGET /f HTTP/1.1\r\nHost: x\r\n${CLOSE}`,
  );
  expect(await rest()).toBe(
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/a" +
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n/b c" +
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n/f",
  );
});

test("bodies come by length and in chunks, and what a handler leaves unread is skipped", async () => {
  await send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  await send("POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  await send(
    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
  );
  await send(`GET /end HTTP/1.1\r\nHost: x\r\n${CLOSE}`);
  const bodies = (await rest()).split(/HTTP\/1.1 200 OK\r\n(?:[^\r]+\r\n)*\r\n/);
  expect(bodies).toEqual(["", "POST hello", "ignored", "POST hello", "/end"]);
});

test("a client that waits for leave to send its body gets it when the body is read", async () => {
  await send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  expect(await until("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  await send("ok");
  expect(await until("POST ok")).toContain("200 OK");
});

test("a client whose body nobody reads is not asked for it, and the connection ends", async () => {
  await send("POST /ignore HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  expect(await rest()).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\nignored");
});

test("streams are chunked for HTTP/1.1 and end with the connection for 1.0", async () => {
  await send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\nGET /stream HTTP/1.0\r\n\r\n");
  expect(await rest()).toBe(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n" +
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo",
  );
});

test("a stream that fails is cut off, never finished", async () => {
  await send("GET /break HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await rest()).toBe("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
});

test("HEAD has the length of the body and no body", async () => {
  await send(`HEAD /abc HTTP/1.1\r\nHost: x\r\n${CLOSE}`);
  expect(await rest()).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n");
});

test("HTTP/1.0 keeps the connection only when asked to", async () => {
  await send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n");
  expect(await rest()).toBe(
    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n/a" +
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n/b",
  );
});

test.each([
  ["no HTTP at all", "GARBAGE\r\n\r\n", "malformed request line"],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", "missing required Host header"],
  [
    "two lengths",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "both content-length and transfer-encoding",
  ],
  ["a bad escape", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "malformed percent-encoding in the request path"],
  ["a head without end", `GET / HTTP/1.1\r\nHost: ${"x".repeat(66_000)}`, "more than 65536 bytes without an end"],
])("%s is answered with 400 in Docker's shape, and the connection ends", async (_what, message, why) => {
  await send(message);
  const answer = await rest();
  expect(answer).toStartWith("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n");
  expect(JSON.parse(answer.slice(answer.indexOf("{")))).toEqual({ message: `malformed HTTP request: ${why}` });
});

test("a client that leaves aborts what is done for it", async () => {
  await send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  await waiting.promise;
  client.close();
  expect(await aborted.promise).toBe("Error: the client has closed the connection");
});

test("a hijacked connection carries bytes both ways, those sent too early included, and half-closes", async () => {
  await send("POST /hijack HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}early ");
  await send("late");
  client.end();
  expect(await rest()).toBe("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nearly late");
});

test("a chunked body that has no end is the stream of a hijacked connection", async () => {
  await send("POST /hijack HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  expect(await until("hello")).toContain("101 UPGRADED");
  await send("0\r\n\r\n");
  expect(await rest()).toBe("");
});

test("closing tells requests to end and lets them answer", async () => {
  await send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  await waiting.promise;
  const idle = await connectUnix(socket);
  const closed = server.close();
  expect(await rest()).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\naborted");
  client.close();
  await Promise.all([closed, idle.closed]);
  expect(await aborted.promise).toBe("Error: the engine is shutting down");
});

test("a connection that says nothing is closed in time", async () => {
  const impatient = join(directory, "impatient");
  const other = await listen([`unix://${impatient}`], handler, { log: nullLogger, idleTimeoutMs: 20 });
  const silent = await connectUnix(impatient);
  await silent.closed;
  await other.close();
});

test("the socket is for its owner and group, is taken once, and is gone after closing", async () => {
  expect((statSync(socket).mode & 0o777).toString(8)).toBe("660");
  await expect(listen([`unix://${socket}`], handler, { log: nullLogger })).rejects.toThrow("another process does");
  await server.close(0);
  expect(await Bun.file(socket).exists()).toBe(false);
});

test("a socket that a killed engine left behind is taken over", async () => {
  const stale = join(directory, "stale");
  const script = `Bun.listen({ unix: ${JSON.stringify(stale)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`;
  await Bun.spawn([process.execPath, "-e", script]).exited;
  const next = await listen([`unix://${stale}`], handler, { log: nullLogger });
  (await connectUnix(stale)).close();
  await next.close(0);
});
