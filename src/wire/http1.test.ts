/** HTTP/1.1 heads and bodies: what is written is read again, however it is cut; what is malformed is refused. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteReader } from "./byte-reader.ts";
import {
  HttpError,
  keepsAlive,
  parseRequestHead,
  parseResponseHead,
  requestFraming,
  responseFraming,
  writeRequestHead,
  writeResponseHead,
} from "./http1.ts";
import { collect, encodeChunk, LAST_CHUNK, readBody } from "./http1-body.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** The pieces of `whole` between the cuts, each on its own as a socket would give them. */
async function* pieces(whole: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  for (let i = 1; i < at.length; i++) {
    const piece = whole.subarray(at[i - 1], at[i]);
    if (piece.length > 0) yield piece;
  }
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
const value = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/);
const fields = fc.uniqueArray(fc.tuple(token, value), { maxLength: 20, selector: ([name]) => name.toLowerCase() });

describe("heads", () => {
  test("a request head is read as it was written", () => {
    fc.assert(
      fc.property(token, fc.stringMatching(/^\/[!-~]{0,60}$/), fields, (method, target, headers) => {
        const head = parseRequestHead(writeRequestHead(method, target, headers));
        expect(head).toEqual({
          method,
          target,
          minor: 1,
          headers: new Map(headers.map(([name, text]) => [name.toLowerCase(), text])),
        });
      }),
    );
  });

  test("a response head is read as it was written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.stringMatching(/^[ -~]{0,30}$/), (status, reason) => {
        const head = parseResponseHead(writeResponseHead(status, reason, [["X", "y"]]));
        expect(head).toEqual({ status, reason, minor: 1, headers: new Map([["x", "y"]]) });
      }),
    );
  });

  test("random bytes are parsed or refused, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const message = Buffer.concat([bytes("GET / HTTP/1.1\r\n"), noise, bytes("\r\n\r\n")]);
        try {
          parseRequestHead(message);
        } catch (error) {
          expect(error).toBeInstanceOf(HttpError);
        }
      }),
    );
  });

  test("repeated fields are joined, spaces around values dropped", () => {
    const head = parseRequestHead(bytes("GET / HTTP/1.1\r\nA:  1 \r\na:2\t\r\n\r\n"));
    expect(head.headers.get("a")).toBe("1, 2");
  });

  test.each([
    ["a bare line feed", "GET / HTTP/1.1\nA: b\r\n\r\n"],
    ["a folded header", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"],
    ["a space before the colon", "GET / HTTP/1.1\r\nA : b\r\n\r\n"],
    ["a header without a name", "GET / HTTP/1.1\r\n: b\r\n\r\n"],
    ["a header without a colon", "GET / HTTP/1.1\r\nA\r\n\r\n"],
    ["a NUL in a value", "GET / HTTP/1.1\r\nA: \0\r\n\r\n"],
    ["a space in the target", "GET /a b HTTP/1.1\r\n\r\n"],
    ["another version", "GET / HTTP/2.0\r\n\r\n"],
    ["two lengths", "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"],
    ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["no end", "GET / HTTP/1.1\r\nA: b\r\n"],
    ["too many headers", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(201)}\r\n`],
  ])("a request head with %s is refused", (_what, text) => {
    expect(() => parseRequestHead(bytes(text))).toThrow(HttpError);
  });

  test.each([
    ["a line break in the target", "GET", "/a\r\nB: c", "x"],
    ["a space in the method", "GET /", "/", "x"],
    ["a line break in a value", "GET", "/", "x\r\nB: c"],
  ])("%s is never written", (_what, method, target, text) => {
    expect(() => writeRequestHead(method, target, [["A", text]])).toThrow(HttpError);
  });
});

describe("framing", () => {
  const head = (text: string) => parseRequestHead(bytes(`POST / HTTP/1.1\r\n${text}\r\n`));

  test.each([
    ["nothing said", "", { kind: "length", bytes: 0 }],
    ["a length", "Content-Length: 12\r\n", { kind: "length", bytes: 12 }],
    ["chunks", "Transfer-Encoding: Chunked\r\n", { kind: "chunked" }],
  ] as const)("a request body with %s", (_what, text, framing) => {
    expect(requestFraming(head(text))).toEqual(framing);
  });

  test.each([
    ["both length and chunks", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"],
    ["another encoding", "Transfer-Encoding: gzip, chunked\r\n"],
    ["a negative length", "Content-Length: -1\r\n"],
    ["a length in hexadecimal", "Content-Length: 0x10\r\n"],
    ["a list of lengths", "Content-Length: 1, 1\r\n"],
  ])("a request with %s is refused", (_what, text) => {
    expect(() => requestFraming(head(text))).toThrow(HttpError);
  });

  test.each([
    ["HEAD", 200, { kind: "length", bytes: 0 }],
    ["GET", 204, { kind: "length", bytes: 0 }],
    ["GET", 304, { kind: "length", bytes: 0 }],
    ["GET", 200, { kind: "length", bytes: 5 }],
  ] as const)("the answer to %s with status %d", (method, status, framing) => {
    const answer = parseResponseHead(writeResponseHead(status, "", [["Content-Length", "5"]]));
    expect(responseFraming(answer, method)).toEqual(framing);
  });

  test("an answer that says nothing lasts until the connection closes", () => {
    expect(responseFraming(parseResponseHead(writeResponseHead(200, "OK", [])), "GET")).toEqual({ kind: "untilClose" });
  });

  test.each([
    ["1", "", true],
    ["1", "Connection: close\r\n", false],
    ["1", "Connection: Upgrade, Close\r\n", false],
    ["0", "", false],
    ["0", "Connection: keep-alive\r\n", true],
  ])("HTTP/1.%s with %p keeps the connection: %p", (minor, text, kept) => {
    expect(keepsAlive(parseRequestHead(bytes(`GET / HTTP/1.${minor}\r\n${text}\r\n`)))).toBe(kept);
  });
});

describe("bodies", () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
  const cuts = fc.array(fc.nat(5000), { maxLength: 30 });

  test("a chunked body is read as it was written, however it is cut, and leaves what follows", async () => {
    await fc.assert(
      fc.asyncProperty(payloads, cuts, async (chunks, at) => {
        const wire = Buffer.concat([...chunks.map(encodeChunk), LAST_CHUNK, bytes("next")]);
        const reader = new ByteReader(pieces(wire, at));
        expect(Buffer.from(await collect(readBody(reader, { kind: "chunked" }), 1e6))).toEqual(Buffer.concat(chunks));
        expect(Buffer.from(await collect(reader.rest(), 100))).toEqual(Buffer.from("next"));
      }),
    );
  });

  test("a body of known length leaves what follows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), cuts, async (body, at) => {
        const reader = new ByteReader(pieces(Buffer.concat([body, bytes("next")]), at));
        const read = await collect(readBody(reader, { kind: "length", bytes: body.length }), 1e6);
        expect(Buffer.from(read)).toEqual(Buffer.from(body));
        expect(Buffer.from(await collect(reader.rest(), 100))).toEqual(Buffer.from("next"));
      }),
    );
  });

  test("extensions and trailers of chunks are skipped", async () => {
    const reader = new ByteReader(pieces(bytes("3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"), []));
    expect(Buffer.from(await collect(readBody(reader, { kind: "chunked" }), 10)).toString()).toBe("abc");
  });

  test.each([
    ["a size that is no number", "x\r\nabc\r\n0\r\n\r\n"],
    ["a negative size", "-1\r\nabc\r\n0\r\n\r\n"],
    ["a size too large", "fffffffffffffff\r\nabc"],
    ["more than its size", "2\r\nabc\r\n0\r\n\r\n"],
    ["an end in the middle", "5\r\nabc"],
    ["no last chunk", "3\r\nabc\r\n"],
    ["an endless size line", `${"0".repeat(5000)}\r\n`],
    ["endless trailers", `0\r\n${"A: b\r\n".repeat(200)}\r\n`],
  ])("a chunked body with %s is refused", (_what, text) => {
    const reader = new ByteReader(pieces(bytes(text), []));
    return expect(collect(readBody(reader, { kind: "chunked" }), 1e6)).rejects.toThrow(HttpError);
  });

  test("a body larger than allowed is refused", () => {
    return expect(collect(pieces(Buffer.alloc(11), [5]), 10)).rejects.toThrow("body larger than 10 bytes");
  });
});

describe("the byte reader", () => {
  test("finds a delimiter that is cut in two", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 8 }), async (at) => {
        const reader = new ByteReader(pieces(bytes("one\r\n\r\ntwo\r\n\r\n"), at));
        expect(Buffer.from((await reader.readThrough("\r\n\r\n", 20)) ?? []).toString()).toBe("one\r\n\r\n");
        expect(Buffer.from((await reader.readThrough("\r\n\r\n", 20)) ?? []).toString()).toBe("two\r\n\r\n");
        expect(await reader.readThrough("\r\n\r\n", 20)).toBeUndefined();
      }),
    );
  });

  test("refuses what goes on for too long without the delimiter", () => {
    const reader = new ByteReader(pieces(Buffer.alloc(100, 97), [10, 20, 30]));
    return expect(reader.readThrough("\r\n", 50)).rejects.toThrow(HttpError);
  });

  test("refuses a stream that ends before the delimiter", () => {
    return expect(new ByteReader(pieces(bytes("half"), [])).readThrough("\r\n", 50)).rejects.toThrow("in the middle");
  });
});
