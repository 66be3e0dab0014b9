import { afterAll, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { frame } from "../../wire/multiplex.ts";
import { type ReadLogsOptions, readLogs } from "./read.ts";

const root = mkdtempSync(join(tmpdir(), "tare-logs-"));
afterAll(() => rmSync(root, { recursive: true }));

let logs = 0;
const freshPath = (): string => {
  const dir = join(root, String(logs++));
  writeFileSync(`${dir}.keep`, "");
  return mkdtempSync(`${dir}-`) + "/container.log";
};

interface Line {
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  readonly tag: "F" | "P";
  readonly content: Uint8Array;
}

const record = ({ time, stream, tag, content }: Line): Buffer =>
  Buffer.concat([Buffer.from(`${time} ${stream} ${tag} `), content, Buffer.from("\n")]);

const at = (second: number): string => `2026-01-02T03:04:${String(second).padStart(2, "0")}.000000005Z`;
const nsAt = (second: number): bigint =>
  BigInt(Date.parse(`2026-01-02T03:04:${String(second).padStart(2, "0")}Z`)) * 1_000_000n + 5n;
const line = (second: number, content: string, more: Partial<Line> = {}): Line => ({
  time: at(second),
  stream: "stdout",
  tag: "F",
  content: Buffer.from(content),
  ...more,
});

const ALL: ReadLogsOptions = {
  follow: false,
  stdout: true,
  stderr: true,
  since: undefined,
  until: undefined,
  timestamps: false,
  tail: undefined,
  tty: true,
  ended: Promise.resolve(),
};

async function read(path: string, options: Partial<ReadLogsOptions> = {}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readLogs(path, { ...ALL, ...options }, new AbortController().signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What the log should give, said in the simplest way. */
function expected(lines: readonly Line[], options: Partial<ReadLogsOptions>): Buffer {
  const { stdout, stderr, timestamps, tty, tail } = { ...ALL, ...options };
  const chosen = tail === undefined || tail < 0 ? lines : tail === 0 ? [] : lines.slice(-tail);
  const pieces = chosen
    .filter(({ stream }) => (stream === "stdout" ? stdout : stderr))
    .map(({ time, stream, tag, content }) => {
      const text = Buffer.concat([
        Buffer.from(timestamps ? `${time} ` : ""),
        content,
        Buffer.from(tag === "F" ? "\n" : ""),
      ]);
      return tty ? text : Buffer.from(frame(stream === "stdout" ? 1 : 2, text));
    });
  return Buffer.concat(pieces);
}

const SAMPLE = [line(1, "one"), line(2, "two", { stream: "stderr" }), line(3, "thr", { tag: "P" }), line(4, "ee")];

test.each<[string, Partial<ReadLogsOptions>, string]>([
  ["everything, parts without a newline", {}, "one\ntwo\nthree\n"],
  ["stdout alone", { stderr: false }, "one\nthree\n"],
  ["stderr alone", { stdout: false }, "two\n"],
  ["the last record", { tail: 1 }, "ee\n"],
  ["the last records of both streams, then the chosen stream", { tail: 3, stdout: false }, "two\n"],
  ["nothing with tail 0", { tail: 0 }, ""],
  ["all when fewer are there than asked for", { tail: 100 }, "one\ntwo\nthree\n"],
  ["all with a negative tail", { tail: -1 }, "one\ntwo\nthree\n"],
  ["from the very nanosecond on", { since: nsAt(2) }, "two\nthree\n"],
  ["not before it", { since: nsAt(2) + 1n }, "three\n"],
  ["up to the very nanosecond", { until: nsAt(2) }, "one\ntwo\n"],
  ["nothing after it", { until: nsAt(2) - 1n }, "one\n"],
  ["a span", { since: nsAt(2), until: nsAt(2) }, "two\n"],
  ["from before the year 1", { since: -(10n ** 20n) }, "one\ntwo\nthree\n"],
  ["from after the year 9999", { since: 10n ** 21n }, ""],
  ["times before each record", { timestamps: true, tail: 2 }, `${at(3)} thr${at(4)} ee\n`],
])("readLogs() gives %s", async (_what, options, text) => {
  const path = freshPath();
  writeFileSync(path, Buffer.concat(SAMPLE.map(record)));
  expect((await read(path, options)).toString()).toBe(text);
});

test("readLogs() makes one frame per record", async () => {
  const path = freshPath();
  writeFileSync(path, Buffer.concat(SAMPLE.map(record)));
  const frames = [
    frame(1, Buffer.from("one\n")),
    frame(2, Buffer.from("two\n")),
    frame(1, Buffer.from("thr")),
    frame(1, Buffer.from("ee\n")),
  ];
  expect(await read(path, { tty: false })).toEqual(Buffer.concat(frames));
});

test("readLogs() finds nothing in a log that was never written", async () => {
  expect(await read(freshPath())).toBeEmpty();
});

test("readLogs() leaves out lines that are no records and an end that was torn off", async () => {
  const path = freshPath();
  writeFileSync(
    path,
    Buffer.concat([Buffer.from("\njunk\n"), record(line(1, "good")), Buffer.from(`${at(2)} stdout F tor`)]),
  );
  expect((await read(path)).toString()).toBe("good\n");
});

test("readLogs() passes over a stretch without any newline", async () => {
  const path = freshPath();
  writeFileSync(path, Buffer.concat([Buffer.alloc(600_000, "x"), Buffer.from("\n"), record(line(1, "after"))]));
  expect((await read(path)).toString()).toBe("after\n");
});

test("readLogs() reads rotated files first, oldest to newest", async () => {
  const path = freshPath();
  for (const [at, name] of [".2", ".1", ""].entries()) writeFileSync(path + name, record(line(at, `file ${at}`)));
  expect((await read(path)).toString()).toBe("file 0\nfile 1\nfile 2\n");
  expect((await read(path, { tail: 2 })).toString()).toBe("file 1\nfile 2\n");
});

/** Bytes that are hostile to whoever reads or prints them. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .constantFrom('{"log":"x\\n","stream":"stderr"}', `${at(9)} stderr F fake`, "\x1b]52;c;aGk=\x07", "\0\0", "")
    .map((text) => Buffer.from(text)),
  fc.integer({ min: 16_000, max: 16_384 }).map((length) => Buffer.alloc(length, "long")),
);
const lines = fc.array(
  fc.record({
    time: fc.constant(at(0)),
    stream: fc.constantFrom("stdout" as const, "stderr" as const),
    tag: fc.constantFrom("F" as const, "P" as const),
    content: content.map((bytes) => bytes.filter((byte) => byte !== 10)),
  }),
  { maxLength: 60 },
);

test("readLogs() gives back any bytes, from any number of files, with any selection", async () => {
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.array(fc.nat(60), { maxLength: 4 }),
      fc.record({
        stdout: fc.boolean(),
        stderr: fc.boolean(),
        timestamps: fc.boolean(),
        tty: fc.boolean(),
        tail: fc.option(fc.nat(70), { nil: undefined }),
      }),
      async (all, cuts, options) => {
        const path = freshPath();
        const edges = [0, ...cuts.map((cut) => Math.min(cut, all.length)).toSorted((a, b) => a - b), all.length];
        for (const [index, start] of edges.slice(0, -1).entries()) {
          const number = edges.length - 2 - index;
          writeFileSync(
            number === 0 ? path : `${path}.${number}`,
            Buffer.concat(all.slice(start, edges[index + 1]).map(record)),
          );
        }
        expect(await read(path, options)).toEqual(expected(all, options));
      },
    ),
    { numRuns: 60 },
  );
});

test("following gives what is appended, and ends after the end of the log has been read", async () => {
  const path = freshPath();
  writeFileSync(path, record(line(1, "before")));
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const reader = readLogs(path, { ...ALL, follow: true, ended }, new AbortController().signal);
  expect(Buffer.from((await reader.next()).value ?? []).toString()).toBe("before\n");
  const pending = reader.next();
  appendFileSync(path, record(line(2, "after")));
  expect(Buffer.from((await pending).value ?? []).toString()).toBe("after\n");
  const last = reader.next();
  appendFileSync(path, record(line(3, "last")));
  end();
  expect(Buffer.from((await last).value ?? []).toString()).toBe("last\n");
  expect((await reader.next()).done).toBe(true);
});

test("following waits for a record to be whole", async () => {
  const path = freshPath();
  const whole = record(line(1, "whole"));
  writeFileSync(path, whole.subarray(0, 20));
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const reader = readLogs(path, { ...ALL, follow: true, ended }, new AbortController().signal);
  const pending = reader.next();
  appendFileSync(path, whole.subarray(20));
  expect(Buffer.from((await pending).value ?? []).toString()).toBe("whole\n");
  end();
  expect((await reader.next()).done).toBe(true);
});

test("following begins with a log that does not exist yet", async () => {
  const path = freshPath();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const reader = readLogs(path, { ...ALL, follow: true, ended }, new AbortController().signal);
  const pending = reader.next();
  writeFileSync(path, record(line(1, "first")));
  expect(Buffer.from((await pending).value ?? []).toString()).toBe("first\n");
  end();
  expect((await reader.next()).done).toBe(true);
});

test("following ends when its signal aborts", async () => {
  const path = freshPath();
  const abort = new AbortController();
  const reader = readLogs(path, { ...ALL, follow: true, ended: new Promise(() => undefined) }, abort.signal);
  const pending = reader.next();
  abort.abort();
  expect((await pending).done).toBe(true);
});

test("following through rotations loses and repeats nothing", async () => {
  const path = freshPath();
  writeFileSync(path, "");
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const reading = read(path, { follow: true, ended });
  const total = 3000;
  for (let number = 0; number < total; number++) {
    appendFileSync(path, record(line(0, String(number))));
    if (number % 37 === 36) rotate(path, 200);
    if (number % 5 === 0) await Bun.sleep(0);
  }
  end();
  const numbers = (await reading).toString().trimEnd().split("\n").map(Number);
  expect(numbers).toEqual(Array.from({ length: total }, (_, number) => number));
});

/** In the monitor's own order: the new file first, then from old to new. */
function rotate(path: string, files: number): void {
  writeFileSync(`${path}.new`, "");
  for (let number = files; number > 0; number--) {
    try {
      renameSync(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`);
    } catch {
      continue;
    }
  }
  renameSync(`${path}.new`, path);
}
