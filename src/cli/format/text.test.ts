/** Durations, sizes, ellipses and column alignment against docker's units and tabwriter. */
import { describe, expect, test } from "bun:test";
import { humanDuration } from "../../base/human-time.ts";
import { ellipsis } from "./ellipsis.ts";
import { binarySize, humanSize } from "./size.ts";
import { alignRows, alignText } from "./table.ts";

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test.each([
  [0, "Less than a second"],
  [999, "Less than a second"],
  [S, "1 second"],
  [59.9 * S, "59 seconds"],
  [M, "About a minute"],
  [119 * S, "About a minute"],
  [45 * M, "45 minutes"],
  [H, "About an hour"],
  [89 * M, "About an hour"],
  [90 * M, "2 hours"],
  [47 * H, "47 hours"],
  [47.6 * H, "2 days"],
  [2 * D, "2 days"],
  [13 * D, "13 days"],
  [14 * D, "2 weeks"],
  [59 * D, "8 weeks"],
  [60 * D, "2 months"],
  [729 * D, "24 months"],
  [730 * D, "2 years"],
])("humanDuration() of %d ms is %s", (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

describe("humanSize()", () => {
  test.each([
    [0, 3, "0B"],
    [999, 3, "999B"],
    [1000, 3, "1kB"],
    [4_261_550, 3, "4.26MB"],
    [1_234_567, 4, "1.235MB"],
    [999_900, 3, "1e+03kB"],
    [1.5e12, 3, "1.5TB"],
  ])("writes %d bytes with %d digits as %s", (bytes, digits, text) => {
    expect(humanSize(bytes, digits)).toBe(text);
  });

  test("binarySize() counts in 1024s", () => {
    expect(binarySize(25_276_510_208)).toBe("23.54GiB");
  });
});

test.each([
  ["sleep 1000", 20, "sleep 1000"],
  ["a command that is too long", 20, "a command that is t…"],
  ["exactly twenty chars", 20, "exactly twenty chars"],
  ["日本語のテキスト", 7, "日本語…"],
  ["ab", 1, "…"],
])("ellipsis() of %p to %d cells is %p", (text, cells, cut) => {
  expect(ellipsis(text, cells)).toBe(cut);
});

describe("alignRows()", () => {
  test("makes columns at least ten wide with three spaces between, and leaves the last cell bare", () => {
    expect(
      alignRows([
        ["A", "LONG HEADER HERE", "END"],
        ["1", "x", "last"],
      ]),
    ).toBe("A         LONG HEADER HERE   END\n1         x                  last\n");
  });

  test("counts characters, not bytes", () => {
    expect(
      alignRows([
        ["ééééééééé", "x"],
        ["a", "y"],
      ]),
    ).toBe("ééééééééé   x\na           y\n");
  });

  test("ends a column's block at a row that lacks it", () => {
    expect(alignText("a very long first cell\tx\nalone\nb\ty\n")).toBe(
      "a very long first cell   x\nalone\nb         y\n",
    );
  });
});
