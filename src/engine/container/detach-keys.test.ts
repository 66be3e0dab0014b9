import { expect, test } from "bun:test";
import { createDetachScanner, parseDetachKeys } from "./detach-keys.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

test.each([
  ["", "\x10\x11"],
  ["ctrl-a", "\x01"],
  ["ctrl-@,ctrl-[", "\x00\x1b"],
  ["a,b", "ab"],
  ["DEL", "\x7f"],
])("parseDetachKeys(%p) gives the bytes that are typed", (keys, bytes) => {
  expect(text(parseDetachKeys(keys))).toBe(bytes);
});

test.each(["ctrl-", "ctrl-1", "ab", "a,,b"])("parseDetachKeys(%p) is refused", (keys) => {
  expect(() => parseDetachKeys(keys)).toThrow(`Invalid detach keys (${keys}) provided`);
});

test.each([
  ["finds the sequence across chunks and drops what follows", ["ab\x10", "\x11cd"], "ab", true],
  ["gives back a beginning that does not go on", ["a\x10", "b"], "a\x10b", false],
  ["begins again at a repeated first key", ["\x10\x10\x11"], "\x10", true],
  ["holds a lone beginning back", ["x\x10"], "x", false],
])("the scanner %s", (_what, chunks, passed, detached) => {
  const scan = createDetachScanner(parseDetachKeys(""));
  const results = chunks.map((chunk) => scan(Buffer.from(chunk, "latin1")));
  expect(results.map(({ pass }) => text(pass)).join("")).toBe(passed);
  expect(results.at(-1)?.detached).toBe(detached);
});
