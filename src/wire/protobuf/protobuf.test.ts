import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  bigint,
  boolean,
  bytes,
  double,
  integer,
  integers,
  nested,
  nestedList,
  string,
  stringMap,
  strings,
} from "./field.ts";
import { decode, encode, message } from "./message.ts";

const Inner = message({ name: string(1), size: integer(2) });
const Outer = message({
  text: string(1),
  data: bytes(2),
  count: integer(3),
  big: bigint(4),
  yes: boolean(5),
  real: double(6),
  words: strings(7),
  numbers: integers(8),
  inner: nested(9, () => Inner),
  inners: nestedList(10, () => Inner),
  labels: stringMap(11),
});

test("what is encoded is decoded again", () => {
  const anyInner = fc.record({ name: fc.string(), size: fc.integer() });
  const anyOuter = fc.record({
    text: fc.string({ unit: "grapheme" }),
    data: fc.uint8Array(),
    count: fc.maxSafeInteger(),
    big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    yes: fc.boolean(),
    real: fc.double({ noNaN: true }).map((value) => value + 0),
    words: fc.array(fc.string()),
    numbers: fc.array(fc.integer()),
    inner: fc.option(anyInner, { nil: undefined }),
    inners: fc.array(anyInner),
    labels: fc.dictionary(fc.string(), fc.string()).map((record) => new Map(Object.entries(record))),
  });
  fc.assert(fc.property(anyOuter, (value) => expect(decode(Outer, encode(Outer, value))).toEqual(value)));
});

test.each([0, 120, 121, 122, 123, 124, 125, 126, 127, 128, 250, 260, 16_380, 16_384, 70_000])(
  "a message within another one comes whole, with a text of %d bytes",
  (length) => {
    const inner = { name: "ä".repeat(length / 2) + "x".repeat(length % 2), size: 7 };
    const value = {
      ...decode(Outer, new Uint8Array()),
      text: "before",
      inner,
      inners: [inner, inner],
      words: ["after"],
    };
    expect(decode(Outer, encode(Outer, value))).toEqual(value);
  },
);

test("bytes are as protoc writes them", () => {
  const sent = encode(Outer, { text: "hi", count: -1, inner: { size: 300 }, labels: new Map([["a", "b"]]) });
  const hex = "0a026869" + "18ffffffffffffffffff01" + "4a03" + "10ac02" + "5a06" + "0a0161120162";
  expect(Buffer.from(sent).toString("hex")).toBe(hex);
});

test("packed numbers and unknown fields are read", () => {
  const packed = Uint8Array.from([0x42, 3, 1, 0xac, 2, 0xf8, 1, 7]);
  expect(decode(Outer, packed).numbers).toEqual([1, 300]);
});

describe("damaged messages are refused", () => {
  test.each([
    ["a cut varint", [0x18, 0x80]],
    ["a cut string", [0x0a, 5, 65]],
    ["a number of more than 64 bits", [0x18, ...Array.from({ length: 11 }, () => 0xff)]],
    ["more fields than anybody needs", Array.from({ length: 800_000 }, (_, at) => (at % 2 === 0 ? 0x3a : 0))],
    [
      "more numbers in one field than anybody needs",
      [0x42, 0xc0, 0xcf, 0x24, ...Array.from({ length: 600_000 }, () => 1)],
    ],
    ["an unknown wire type", [0xfb, 1]],
  ])("%s", (_, data) => {
    expect(() => decode(Outer, Uint8Array.from(data))).toThrow(/^invalid protobuf message/);
  });

  test("any bytes are a message or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
        try {
          decode(Outer, data);
        } catch (error) {
          expect(String(error)).toContain("invalid protobuf message");
        }
      }),
    );
  });
});
