/** Cache documents: what BuildKit writes is read, what is written shares layers, and what leads nowhere is refused. */
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../image/digest.ts";
import {
  digestOfKey,
  parseCacheConfig,
  parseInlineRecords,
  stackOf,
  toCacheConfig,
  toInlineText,
} from "./cache-config.ts";

const [A, B, C] = [digestOf("a"), digestOf("b"), digestOf("c")];
const at = (key: string, ...blobs: (typeof A)[]) => ({ key, blobs, createdAt: 0 });

describe("toCacheConfig()", () => {
  test("shares the layers of stacks that begin alike, and not those that do not", () => {
    const config = toCacheConfig([at("exec:22", A, B), at("exec:11", A), at("file:33", A, C), at("file:44", B)]);
    expect(config.layers).toEqual([
      { blob: A, parent: -1 },
      { blob: B, parent: 0 },
      { blob: C, parent: 0 },
      { blob: B, parent: -1 },
    ]);
    expect(config.records.map(({ digest, layers }) => [digest, layers[0]?.layer])).toEqual([
      ["sha256:11", 0],
      ["sha256:22", 1],
      ["sha256:33", 2],
      ["sha256:44", 3],
    ]);
    const read = parseCacheConfig(JSON.stringify(config));
    expect(stackOf(read.layers, 2)?.map((index) => read.layers[index]?.blob)).toEqual([A, C]);
  });

  test("says a result without layers once, with none", () => {
    expect(toCacheConfig([at("exec:11"), at("exec:11")])).toEqual({
      layers: [],
      records: [{ digest: "sha256:11", layers: [] }],
    });
  });
});

describe("parseCacheConfig()", () => {
  test("reads what BuildKit writes, which leaves out a parent that is the first layer", () => {
    const text = `{"layers":[{"blob":"${A}","parent":-1},{"blob":"${B}"}],"records":[{"digest":"sha256:1","inputs":[[{"link":1}]]},{"layers":[{"layer":1,"createdAt":"2026-11-22T20:00:07.195094235Z"}],"digest":"sha256:2"}]}`;
    const { layers, records } = parseCacheConfig(text);
    expect(stackOf(layers, 1)).toEqual([0, 1]);
    expect(records.map(({ layers: found }) => found.length)).toEqual([0, 1]);
  });

  test("knows no stacks that lead nowhere or in circles, and refuses digests that are none", () => {
    const layers = [
      { blob: A, parent: 1 },
      { blob: B, parent: 0 },
    ];
    expect(stackOf(layers, 0)).toBeUndefined();
    expect(stackOf(layers, 7)).toBeUndefined();
    expect(() => parseCacheConfig('{"layers":[{"blob":"x","parent":-1}]}')).toThrow("invalid checksum digest");
    expect(() => parseCacheConfig('{"layers":3}')).toThrow();
  });
});

test("toInlineText() tells of results that are the bottom of the image", () => {
  const text = toInlineText([at("exec:11", A), at("exec:22", A, B), at("file:33", B), at("exec:44")], [A, B, C]);
  const records = parseInlineRecords(Buffer.from(text ?? "", "base64").toString());
  expect(records.map(({ digest, layers }) => [digest, layers[0]?.layer])).toEqual([
    ["sha256:11", 0],
    ["sha256:22", 1],
  ]);
  expect(toInlineText([at("file:33", B)], [A])).toBeUndefined();
});

test("digestOfKey() leaves the kind away", () => {
  expect(digestOfKey("exec:abc")).toBe("sha256:abc");
});
