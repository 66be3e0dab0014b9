/** Progress lines on a terminal and without one. */
import { expect, test } from "bun:test";
import type { ProgressLine } from "../wire/image.ts";
import { showProgress } from "./progress.ts";
import { keptIo } from "./testdata/surroundings.ts";

async function* of(...lines: ProgressLine[]): AsyncGenerator<ProgressLine> {
  yield* lines;
}

const layer = (id: string, current: number): ProgressLine => ({
  id,
  status: "Loading layer",
  progressDetail: { current, total: 4_000_000 },
});

test("rewrites each layer's own line on a terminal", async () => {
  const io = keptIo({ terminal: true });
  const done = { stream: "Loaded image: app\n" };
  await showProgress(io, of(layer("aa", 1_000_000), layer("bb", 0), layer("aa", 4_000_000), done));
  expect(io.written.stdout).toBe(
    [
      "aa: Loading layer 1MB/4MB\n",
      "bb: Loading layer 0B/4MB\n",
      "\x1b[2A\x1b[2K\raa: Loading layer 4MB/4MB\x1b[2B\r",
      "Loaded image: app\n",
    ].join(""),
  );
});

test("says only what is final without a terminal", async () => {
  const io = keptIo();
  await showProgress(io, of(layer("aa", 1), { id: "aa", status: "Done" }, { status: "sha256:1" }));
  expect(io.written.stdout).toBe("aa: Done\nsha256:1\n");
});

test("a layer's name cannot move the cursor", async () => {
  const io = keptIo({ terminal: true });
  await showProgress(io, of({ id: "a\x1b[9A", status: "x\r\n" }));
  expect(io.written.stdout).toBe("a\\x1b[9A: x\\r\\n\n");
});

test("throws the error of the stream", () => {
  expect(showProgress(keptIo(), of({ error: "broken", errorDetail: { message: "unexpected EOF" } }))).rejects.toThrow(
    "unexpected EOF",
  );
});
