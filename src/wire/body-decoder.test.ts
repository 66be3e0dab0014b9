import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BodyDecoder } from "./body-decoder.ts";
import type { HttpError } from "./http1.ts";
import { encodeChunk, LAST_CHUNK } from "./http1-body.ts";

interface Decoded {
  readonly body: string;
  readonly rest: string;
  readonly finished: boolean;
}

function decode(framing: ConstructorParameters<typeof BodyDecoder>[0], wire: Uint8Array, cut: number): Decoded {
  const decoder = new BodyDecoder(framing);
  const pieces: Uint8Array[] = [];
  let rest: Uint8Array = new Uint8Array();
  for (let at = 0; at < wire.length; at += cut) {
    if (decoder.finished) rest = Buffer.concat([rest, wire.subarray(at, at + cut)]);
    else pieces.push(...decoder.push(wire.subarray(at, at + cut)));
  }
  return {
    body: Buffer.concat(pieces).toString("latin1"),
    rest: Buffer.concat([decoder.rest, rest]).toString("latin1"),
    finished: decoder.finished,
  };
}

describe("BodyDecoder", () => {
  test("takes a chunked body apart, however it is cut, and leaves what follows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 30 }),
        (chunks, cut) => {
          const wire = Buffer.concat([...chunks.map(encodeChunk), LAST_CHUNK, Buffer.from("GET / HTTP/1.1\r\n")]);
          const body = Buffer.concat(chunks).toString("latin1");
          expect(decode({ kind: "chunked" }, wire, cut)).toEqual({ body, rest: "GET / HTTP/1.1\r\n", finished: true });
        },
      ),
    );
  });

  test("knows extensions and trailers", () => {
    const wire = Buffer.from("3;a=b\r\nabc\r\n0;x\r\nTrailer: y\r\n\r\nnext");
    expect(decode({ kind: "chunked" }, wire, 5)).toEqual({ body: "abc", rest: "next", finished: true });
  });

  test("counts a body with a length", () => {
    expect(decode({ kind: "length", bytes: 4 }, Buffer.from("abcdef"), 3)).toMatchObject({ body: "abcd", rest: "ef" });
    expect(new BodyDecoder({ kind: "length", bytes: 0 }).finished).toBe(true);
  });

  test("is not finished before the body is", () => {
    expect(decode({ kind: "chunked" }, Buffer.from("3\r\nabc\r\n"), 4).finished).toBe(false);
    expect(decode({ kind: "length", bytes: 4 }, Buffer.from("abc"), 4).finished).toBe(false);
  });

  test.each<[string, string]>([
    ["no size", "x\r\n"],
    ["a bare line feed", "3\nabc\r\n"],
    ["data longer than its chunk", "3\r\nabcd\r\n"],
    ["a line without an end", "1".repeat(5000)],
  ])("refuses %s", (_what, wire) => {
    const expected: Partial<HttpError> = { name: "HttpError" };
    expect(() => decode({ kind: "chunked" }, Buffer.from(wire), 100)).toThrow(expect.objectContaining(expected));
  });
});
