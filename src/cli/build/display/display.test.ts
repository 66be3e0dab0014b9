/** A build's progress in each of its forms, out of the messages that an engine sends. */
import { describe, expect, test } from "bun:test";
import { GrpcError } from "../../../grpc/status.ts";
import { toTimestamp } from "../../../wire/buildkit/common.ts";
import { StatusResponse } from "../../../wire/buildkit/control.ts";
import { decode, encode, type Sendable } from "../../../wire/protobuf/message.ts";
import type { Canvas } from "../../canvas.ts";
import { failedLines, failedSteps, warningsText } from "./failure.ts";
import { BuildModel } from "./model.ts";
import { PlainDisplay } from "./plain.ts";
import { rawJson } from "./raw-json.ts";
import { renderBuild, renderEnd } from "./terminal.ts";
import { statusText } from "./text.ts";

type Message = Sendable<StatusResponse>;

const START_MS = 1_700_000_000_000;
const at = (seconds: number) => toTimestamp(START_MS + seconds * 1000);
const told = (message: Message): StatusResponse => decode(StatusResponse, encode(StatusResponse, message));
const vertex = (digest: string, name: string, started?: number, more: object = {}): Message => ({
  vertexes: [{ digest, name, ...(started === undefined ? {} : { started: at(started) }), ...more }],
});
const log = (digest: string, seconds: number, text: string): Message => ({
  logs: [{ vertex: digest, timestamp: at(seconds), stream: 1, msg: Buffer.from(text) }],
});

/** Each message with the second in which it comes. */
function plainOf(...messages: readonly (readonly [number, Message])[]): string {
  const [model, display] = [new BuildModel(), new PlainDisplay()];
  return messages
    .map(([second, message]) => {
      display.take(model.take(told(message)), START_MS + second * 1000);
      return display.draw(START_MS + second * 1000);
    })
    .join("");
}

describe("plain", () => {
  test("a step is told with its lines, when they came, and how long it took", () => {
    const text = plainOf(
      [0, vertex("a", "[1/2] FROM busybox", 0, { completed: at(0), cached: true })],
      [0, vertex("b", "[2/2] RUN make", 0)],
      [1, log("b", 0.505, "one\ntw")],
      [1, log("b", 0.6, "o\nthree")],
      [2, vertex("b", "[2/2] RUN make", 0, { completed: at(2.1) })],
    );
    expect(text).toBe(
      "#1 [1/2] FROM busybox\n#1 CACHED\n\n#2 [2/2] RUN make\n#2 0.505 one\n#2 0.505 two\n#2 0.600 three\n#2 DONE 2.1s\n",
    );
  });

  test("steps that work at the same time take turns", () => {
    const text = plainOf(
      [0, vertex("a", "RUN a", 0)],
      [0, log("a", 0.1, "a1\n")],
      [0, vertex("b", "RUN b", 0)],
      [0.2, log("b", 0.2, "b1\n")],
      [0.3, log("a", 0.3, "a2\n")],
      [2, log("b", 2, "b2\n")],
      [2.1, vertex("a", "RUN a", 0, { completed: at(2.1) })],
    );
    expect(text).toBe(
      "#1 RUN a\n#1 0.100 a1\n#1 0.300 a2\n#1 ...\n\n#2 RUN b\n#2 0.200 b1\n#2 2.000 b2\n#2 ...\n\n#1 RUN a\n#1 DONE 2.1s\n",
    );
  });

  test("a transfer is told when it begins, goes on and ends", () => {
    const moved = (current: number, completed?: number): Message => ({
      statuses: [
        {
          id: "layer",
          vertex: "a",
          current,
          total: 10_000_000,
          started: at(0),
          ...(completed ? { completed: at(completed) } : {}),
        },
      ],
    });
    const text = plainOf(
      [0, vertex("a", "pull", 0)],
      [0, moved(0)],
      [1, moved(100_000)],
      [1, moved(5_000_000)],
      [2, moved(10_000_000, 2)],
    );
    expect(text).toBe(
      "#1 pull\n#1 layer 0B / 10.00MB\n#1 layer 5.00MB / 10.00MB\n#1 layer 10.00MB / 10.00MB 2.0s done\n",
    );
  });

  test("a step that failed and one that was given up say so", () => {
    const text = plainOf(
      [0, vertex("a", "RUN false", 0, { completed: at(1), error: "process did not complete: exit code: 1" })],
      [0, vertex("b", "RUN sleep", 0, { completed: at(1), error: "context canceled" })],
    );
    expect(text).toBe("#1 RUN false\n#1 ERROR: process did not complete: exit code: 1\n\n#2 RUN sleep\n#2 CANCELED\n");
  });

  test("vertices of one group are one step", () => {
    const group = { progressGroup: { id: "g", name: "COPY --link a /a" } };
    const text = plainOf(
      [0, vertex("a", "copy", 0, { ...group, completed: at(1) })],
      [0, vertex("b", "merge", 0, { ...group, completed: at(1.5) })],
    );
    expect(text).toMatch(/^#1 COPY --link a \/a\n#1 DONE 1\.0s\n$/);
  });

  test("what a step prints cannot drive the terminal", () => {
    const text = plainOf(
      [0, vertex("a", "RUN \x1b[2J", 0)],
      [0, log("a", 0, "\x1b[31mred\x1b[0m \x1b]0;title\x07 50%\r100%\n")],
    );
    expect(text).toBe("#1 RUN \\x1b[2J\n#1 0.000 100%\n");
  });

  test("only what draws over itself is cut, at what it drew last", () => {
    const text = plainOf([0, vertex("a", "RUN", 0)], [0, log("a", 0, "\x1b[31mred\x1b[0m \x1b]0;x\x07\r\n")]);
    expect(text).toBe("#1 RUN\n#1 0.000 red \\x1b]0;x\\x07\n");
  });
});

const canvas: Canvas = { columns: 50, rows: 12, unicode: false, color: false };

function modelOf(...messages: readonly Message[]): BuildModel {
  const model = new BuildModel();
  for (const message of messages) model.take(told(message));
  return model;
}

describe("on a terminal", () => {
  test("each step is a row with its time or CACHED, and what works shows what it does", () => {
    const model = modelOf(
      vertex("a", "[1/3] FROM busybox", 0, { completed: at(0), cached: true }),
      vertex("b", "[2/3] RUN make", 0),
      log("b", 0.5, "gcc -c a.c\ngcc -c b.c\n"),
      vertex("c", "[3/3] RUN true"),
    );
    expect(renderBuild(model, canvas, START_MS + 3200)).toEqual([
      "Building 3.2s  1 of 3",
      " + [1/3] FROM busybox                      CACHED",
      " * [2/3] RUN make                            3.2s",
      "     gcc -c a.c",
      "     gcc -c b.c",
    ]);
  });

  test("more steps than rows leave out the oldest that have ended", () => {
    const ended = Array.from({ length: 20 }, (_, n) => vertex(`v${n}`, `step ${n}`, n, { completed: at(n + 1) }));
    const rows = renderBuild(modelOf(...ended, vertex("w", "working", 20)), canvas, START_MS + 21_000);
    expect(rows.length).toBeLessThanOrEqual(canvas.rows - 1);
    expect(rows.at(-1)).toContain("working");
    expect(rows.some((row) => row.includes("step 19"))).toBe(true);
    expect(rows.some((row) => row.includes("step 3 "))).toBe(false);
    expect(rows[1]).toBe("  (12 more)");
  });

  test.each([20, 30, 50, 120])("no row is longer than a terminal of %p columns", (columns) => {
    const model = modelOf(vertex("a", `RUN ${"very long ".repeat(30)}`, 0), log("a", 1, `${"x".repeat(500)}\n`));
    for (const row of renderBuild(model, { ...canvas, columns }, START_MS + 1000))
      expect(row.length).toBeLessThanOrEqual(columns);
  });

  test("at the end every step stays on the screen", () => {
    const ended = Array.from({ length: 20 }, (_, n) => vertex(`v${n}`, `step ${n}`, n, { completed: at(n + 1) }));
    const failed = vertex("f", "RUN false", 20, { completed: at(21), error: "exit code: 1" });
    const rows = renderEnd(modelOf(...ended, failed), canvas, START_MS + 30_000);
    expect(rows).toHaveLength(22);
    expect(rows.at(0)).toBe("Building 21.0s  21 of 21");
    expect(rows.at(-1)).toMatch(/^ x RUN false +ERROR$/);
  });
});

describe("afterwards", () => {
  test("the step that failed is shown with its last lines", () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}\n`).join("");
    const model = modelOf(
      vertex("a", "RUN make", 0),
      log("a", 0.1, lines),
      vertex("a", "RUN make", 0, { completed: at(1), error: "exit code: 2" }),
    );
    const text = failedSteps(model);
    expect(text.startsWith("------\n > RUN make:\n0.100 line 10\n")).toBe(true);
    expect(text.endsWith("0.100 line 29\n------\n")).toBe(true);
  });

  test("the lines of the Dockerfile are marked", () => {
    const data = Buffer.from("FROM a\nRUN b\nRUN c\n").toString("base64");
    const json = { info: { filename: "Dockerfile", data }, ranges: [{ start: { line: 2 }, end: { line: 2 } }] };
    const error = new GrpcError(2, "no", [
      { type: "errdefs.Vertex", json: {} },
      { type: "errdefs.Source", json },
    ]);
    const rule = "-".repeat(20);
    expect(failedLines(error)).toBe(
      `Dockerfile:2\n${rule}\n   1 |     FROM a\n   2 | >>> RUN b\n   3 |     RUN c\n   4 |     \n${rule}\n`,
    );
  });

  test("warnings are counted and told in a line each", () => {
    const warning = {
      vertex: "a",
      short: Buffer.from("Rule: bad (line 1)"),
      detail: [Buffer.from("why")],
      url: "http://x",
    };
    const { warnings } = modelOf(vertex("a", "load"), { warnings: [warning] });
    expect(warningsText(warnings, false)).toBe("\n1 warning found (use --debug to expand):\n - Rule: bad (line 1)\n");
    expect(warningsText(warnings, true)).toBe("\n1 warning found:\nRule: bad (line 1)\nwhy\nMore info: http://x\n\n");
    expect(warningsText([], false)).toBe("");
  });
});

test("raw JSON has the fields of BuildKit's clients", () => {
  const message = told({
    ...vertex("a", "RUN", 0, { completed: at(1.5), cached: true, inputs: ["b"] }),
    ...log("a", 0.25, "hi\n"),
  });
  expect(JSON.parse(rawJson(message))).toEqual({
    vertexes: [
      {
        digest: "a",
        inputs: ["b"],
        name: "RUN",
        started: "2023-11-14T22:13:20Z",
        completed: "2023-11-14T22:13:21.5Z",
        cached: true,
      },
    ],
    logs: [{ vertex: "a", stream: 1, data: "aGkK", timestamp: "2023-11-14T22:13:20.25Z" }],
  });
});

test.each([
  [0, "x done"],
  [999, "x 999B done"],
  [1000, "x 1.00kB done"],
  [1_990_000, "x 1.99MB done"],
])("%p bytes are told as %p", (current, text) => {
  expect(statusText({ id: "x", current, total: 0, started: 0, completed: 10 })).toBe(text);
});
