import { expect, test } from "bun:test";
import fc from "fast-check";
import { FrameSplitter, frame } from "./multiplex.ts";

const frames = fc.array(
  fc.record({ stream: fc.constantFrom<0 | 1 | 2>(0, 1, 2), payload: fc.uint8Array({ maxLength: 300 }) }),
);

test("FrameSplitter gives every stream its bytes back, however the frames are cut", () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 64 }), (sent, size) => {
      const wire = Buffer.concat(sent.map(({ stream, payload }) => frame(stream, payload)));
      const splitter = new FrameSplitter();
      const got: { stream: number; payload: Uint8Array }[] = [];
      for (let at = 0; at < wire.length; at += size) got.push(...splitter.push(wire.subarray(at, at + size)));
      for (const stream of [0, 1, 2]) {
        const bytes = (all: readonly { stream: number; payload: Uint8Array }[]) =>
          Buffer.concat(all.filter((each) => each.stream === stream).map(({ payload }) => payload));
        expect(bytes(got)).toEqual(bytes(sent));
      }
    }),
  );
});
