import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finishing } from "../../base/async-iterator.ts";
import { hasCode } from "../../base/errors.ts";
import type { LentBody } from "../../base/lent-socket.ts";
import { nullLogger } from "../../base/log.ts";
import { connectUnix, type SocketStream } from "../../base/socket-stream.ts";
import { BodyDecoder } from "../../wire/body-decoder.ts";
import type { Reply, Request } from "./message.ts";
import { listen, type Server } from "./server.ts";

let directory: string;
let server: Server;
let client: SocketStream;
let bodiesFinished: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "tare-lending-"));
  bodiesFinished = 0;
  server = await listen([`unix://${directory}/s`], handler, { log: nullLogger });
  client = await connectUnix(`${directory}/s`);
});

afterEach(async () => {
  client.close();
  await server.close(0);
  rmSync(directory, { recursive: true });
});

const text = (body: string): Reply => ({ kind: "whole", status: 200, headers: [], body: Buffer.from(body) });

async function handler(request: Request): Promise<Reply> {
  switch (request.path) {
    case "/lend":
      return text(`lent ${await readLent(await request.lendBody?.())}`);
    case "/break":
      (await request.lendBody?.())?.giveBack("broken");
      return text("broken");
    case "/send":
      return sending();
    default:
      return text(request.path);
  }
}

/** Reads as another thread would: from the descriptor, past the end of the body. */
async function readLent(lent: LentBody | undefined): Promise<string> {
  if (lent === undefined) return "nothing";
  const decoder = new BodyDecoder(lent.framing);
  const pieces = [...decoder.push(lent.arrived)].map((piece) => Buffer.from(piece));
  const buffer = Buffer.alloc(1000);
  while (!decoder.finished) {
    const count = readNow(lent.fd, buffer);
    if (count === undefined) await Bun.sleep(1);
    else for (const piece of decoder.push(buffer.subarray(0, count))) pieces.push(Buffer.from(piece));
  }
  lent.giveBack(Buffer.from(decoder.rest));
  return Buffer.concat(pieces).toString();
}

function readNow(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (hasCode(error, "EAGAIN")) return undefined;
    throw error;
  }
}

function sending(): Reply {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("pieces");
  }
  return {
    kind: "stream",
    status: 200,
    headers: [],
    body: finishing(pieces(), () => void bodiesFinished++),
    sendTo: async ({ fd }) => void writeSync(fd, "6\r\ndirect\r\n"),
  };
}

/** Sends text piece by piece, and returns what has come once it ends in `end`. */
async function exchange(sent: readonly string[], end: string): Promise<string> {
  for (const piece of sent) await client.write(Buffer.from(piece));
  let got = "";
  for await (const chunk of client.readable) {
    got += Buffer.from(chunk).toString();
    if (got.endsWith(end)) break;
  }
  return got;
}

const HEAD = "POST /lend HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n";

test("a lent body is read from the socket, and the next request is served after it", async () => {
  const body = ["3\r\nabc\r\n", "4\r\nde", "fg\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n"];
  const got = await exchange([`${HEAD}\r\n`, ...body], "/next");
  expect(got).toContain("lent abcdefg");
});

test("a body with a length is lent as well, and one that came with its head", async () => {
  const got = await exchange(["POST /lend HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd"], "lent abcd");
  expect(got).toStartWith("HTTP/1.1 200 OK");
});

test("a client that waits to be told is told before its body is lent", async () => {
  const got = await exchange([`${HEAD}Expect: 100-continue\r\n\r\n`], "100 Continue\r\n\r\n");
  expect(got).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  expect(await exchange(["2\r\nok\r\n0\r\n\r\n"], "lent ok")).toContain("200 OK");
});

test("a connection whose body was not read to its end is closed after the answer", async () => {
  await client.write(Buffer.from("POST /break HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"));
  const got = Buffer.concat(await Array.fromAsync(client.readable)).toString();
  expect(got).toContain("Connection: close");
  expect(got).toEndWith("broken");
});

test("a reply goes into the socket by itself where it can, and its other form is put aside", async () => {
  const got = await exchange(["GET /send HTTP/1.1\r\nHost: x\r\n\r\n"], "0\r\n\r\n");
  expect(got).toEndWith("\r\n\r\n6\r\ndirect\r\n0\r\n\r\n");
  expect(bodiesFinished).toBe(1);
});

test("a client of HTTP/1.0, which knows no chunks, is sent the pieces", async () => {
  await client.write(Buffer.from("GET /send HTTP/1.0\r\n\r\n"));
  expect(Buffer.concat(await Array.fromAsync(client.readable)).toString()).toEndWith("\r\n\r\npieces");
  expect(bodiesFinished).toBe(1);
});

test("whoever asks for the head alone makes nobody wait for the body's end", async () => {
  const got = await exchange(["HEAD /send HTTP/1.1\r\nHost: x\r\n\r\n"], "\r\n\r\n");
  expect(got).not.toContain("direct");
  expect(bodiesFinished).toBe(1);
});
