/** The detach sequence is found wherever it is typed, and nothing else is lost on the way. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DetachScanner, parseDetachKeys } from "./detach-keys.ts";

describe("parseDetachKeys()", () => {
  test.each([
    ["", [16, 17]],
    ["ctrl-a", [1]],
    ["ctrl-@,ctrl-[,ctrl-_", [0, 27, 31]],
    ["a,CTRL-Z,DEL", [97, 26, 127]],
  ])("%p", (keys, bytes) => {
    expect([...parseDetachKeys(keys)]).toEqual(bytes);
  });

  test.each([["ctrl-"], ["ctrl-1"], ["ab"], ["a,,b"]])("refuses %p", (keys) => {
    expect(() => parseDetachKeys(keys)).toThrow("invalid detach keys");
  });
});

describe("DetachScanner", () => {
  const KEYS = Uint8Array.of(1, 2);

  /** What passes when `typed` comes in pieces of `size`. */
  function scan(typed: readonly number[], size: number) {
    const scanner = new DetachScanner(KEYS);
    const passed: number[] = [];
    for (let at = 0; at < typed.length; at += size) {
      const { bytes, detached } = scanner.feed(Uint8Array.from(typed.slice(at, at + size)));
      passed.push(...bytes);
      if (detached) return { passed, detached };
    }
    return { passed, detached: false };
  }

  test("finds the sequence wherever it is, in pieces of any size", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3)), fc.integer({ min: 1, max: 5 }), (typed, size) => {
        const at = typed.findIndex((key, i) => key === 1 && typed[i + 1] === 2);
        const { passed, detached } = scan(typed, size);
        expect(detached).toBe(at >= 0);
        // A first key at the very end waits for what comes after it.
        const whole = at >= 0 ? typed.slice(0, at) : typed.at(-1) === 1 ? typed.slice(0, -1) : typed;
        expect(passed).toEqual(whole);
      }),
    );
  });
});
