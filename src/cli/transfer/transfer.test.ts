/** The display of pulls and pushes: what it knows, what it draws, and what it leaves on the screen. */
import { describe, expect, test } from "bun:test";
import type { ProgressLine } from "../../wire/image.ts";
import type { Canvas } from "../canvas.ts";
import { keptIo } from "../testdata/surroundings.ts";
import { TransferModel } from "./model.ts";
import { renderTransfer, timeText } from "./render.ts";
import { showTransfer } from "./show.ts";

const line = (id: string, status: string, current?: number, total?: number): ProgressLine => ({
  id,
  status,
  progressDetail: current === undefined || total === undefined ? {} : { current, total },
});
const plain: Canvas = { columns: 100, rows: 24, unicode: false, color: false };

function modelOf(...steps: readonly [ProgressLine, number?][]): TransferModel {
  const model = new TransferModel();
  for (const [step, atMs = 0] of steps) model.take(step, atMs);
  return model;
}

describe("rows", () => {
  test("show bytes, rate and time left of each layer and of all", () => {
    const model = modelOf(
      [
        {
          aux: {
            Layers: [
              { ID: "aaaaaaaaaaaa", Size: 4_000_000 },
              { ID: "bbbbbbbbbbbb", Size: 6_000_000 },
            ],
          },
        },
      ],
      [line("aaaaaaaaaaaa", "Downloading", 0, 4_000_000)],
      [line("bbbbbbbbbbbb", "Waiting")],
      [line("aaaaaaaaaaaa", "Downloading", 2_000_000, 4_000_000), 1000],
    );
    expect(renderTransfer(model, plain, 1000)).toEqual([
      "aaaaaaaaaaaa  [====================                    ]          2MB/4MB      2MB/s  1s",
      "bbbbbbbbbbbb  Waiting",
      "0 of 2        [========                                ]         2MB/10MB      2MB/s  4s",
    ]);
  });

  test("tell what is done, what is unpacked, and what was there already", () => {
    const model = modelOf(
      [line("aaaaaaaaaaaa", "Pull complete")],
      [line("bbbbbbbbbbbb", "Extracting", 1, 2)],
      [line("cccccccccccc", "Already exists")],
    );
    expect(renderTransfer(model, plain, 0).map((row) => row.replaceAll(/ {2,}/g, "  "))).toEqual([
      "aaaaaaaaaaaa  * Pull complete",
      "bbbbbbbbbbbb  [====================  ]  Extracting",
      "cccccccccccc  * Already exists",
      "2 of 3",
    ]);
    expect(model.alreadyThere).toBe(1);
  });

  test("leave out what does not fit, first what is done", () => {
    const model = new TransferModel();
    for (let at = 0; at < 30; at++) model.take(line(`layer${at}`, at < 28 ? "Pull complete" : "Downloading", 1, 2), 0);
    const rows = renderTransfer(model, { ...plain, rows: 10 }, 0);
    expect(rows.length).toBeLessThanOrEqual(7);
    expect(rows.filter((row) => row.startsWith("layer2"))).not.toEqual([]);
    expect(rows.some((row) => row.startsWith("layer29"))).toBe(true);
    expect(rows).toContain("… and 25 more");
  });

  test.each([20, 40, 60, 80, 200])("are never longer than a terminal of %p columns", (columns) => {
    const model = modelOf(
      [line("aaaaaaaaaaaa", "Downloading", 0, 4_000_000_000)],
      [line("aaaaaaaaaaaa", "Downloading", 2_123_456_789, 4_000_000_000), 1000],
      [line("bbbbbbbbbbbb", "Retrying in 10 seconds because of this and that and something else that is very long")],
      [line("cccccccccccc", "Mounted from a/repository/with/a/long/name/that/does/not/end")],
    );
    for (const row of renderTransfer(model, { ...plain, columns }, 1000))
      expect(row.length).toBeLessThanOrEqual(columns);
  });

  test("cannot be made to move the cursor by a layer's name or status", () => {
    const model = modelOf([line("\x1b[2J", "x\r\n\x1b[H")]);
    expect(renderTransfer(model, plain, 0).join("")).not.toMatch(/\p{Cc}/u);
  });
});

describe("the rate", () => {
  test("does not count what an earlier attempt had brought", () => {
    const model = modelOf(
      [line("a", "Resuming", 90_000_000, 100_000_000)],
      [line("a", "Downloading", 90_000_000, 100_000_000), 10],
      [line("a", "Downloading", 91_000_000, 100_000_000), 1010],
    );
    expect(model.moved(1010).bytes).toBe(1_000_000);
    expect(Math.round(model.moved(1010).perSecond / 1e4)).toBe(99);
  });

  test("falls when nothing comes any more", () => {
    const model = modelOf([line("a", "Downloading", 0, 9)], [line("a", "Downloading", 5_000_000, 9e6), 1000]);
    expect(model.moved(1000).perSecond).toBe(5_000_000);
    expect(model.moved(11_000).perSecond).toBeLessThan(1_000_000);
  });

  test.each([
    [0.2, "1s"],
    [59, "59s"],
    [65, "1m05s"],
    [3700, "1h01m"],
    [1e9, "days"],
  ])("%p seconds are %s", (seconds, text) => {
    expect(timeText(seconds)).toBe(text);
  });
});

describe("showTransfer()", () => {
  async function* of(...lines: ProgressLine[]): AsyncGenerator<ProgressLine> {
    yield* lines;
  }
  const lines = [
    { status: "Pulling from a", id: "1" },
    line("aaaaaaaaaaaa", "Pulling fs layer"),
    line("aaaaaaaaaaaa", "Downloading", 1000, 1000),
    line("aaaaaaaaaaaa", "Pull complete"),
    { status: "Digest: sha256:x" },
  ];
  const view = (io: ReturnType<typeof keptIo>, quiet = false) =>
    ({ io, env: { variables: {} }, fd: 1, quiet, unit: "layer" }) as const;

  test("says only what is final without a terminal", async () => {
    const io = keptIo();
    await showTransfer(view(io), of(...lines));
    expect(io.written.stdout).toBe(
      "1: Pulling from a\naaaaaaaaaaaa: Pulling fs layer\naaaaaaaaaaaa: Pull complete\nDigest: sha256:x\n",
    );
  });

  test("leaves a summary on a terminal, where the bars were", async () => {
    const io = keptIo({ terminal: true });
    await showTransfer(view(io), of(...lines));
    const screen = io.written.stdout.split("\x1b[J").at(-1) ?? "";
    expect(screen).toMatch(/^1: Pulling from a\nDigest: sha256:x\n1 layer, 1kB in 1s\n$/);
  });

  test("says nothing but the error when quiet", async () => {
    const io = keptIo();
    const failing = of(...lines, { error: "broken", errorDetail: { message: "no space left" } });
    expect(showTransfer(view(io, true), failing)).rejects.toThrow("no space left");
    expect(io.written.stdout).toBe("");
  });
});
