import { expect, test } from "bun:test";
import { failuresIn, runningIn } from "./failures.ts";

const OUTPUT = `
src/a.test.ts:
(pass) good [0.04ms]
3 | expect(1).toBe(2);
error: expect(received).toBe(expected)

(fail) group > bad [2.09ms]

src/b.test.ts:
(skip) left out

src/a.test.ts:
error: late
(fail) slow [1.2s]
(fail) unsaid

3 tests failed:
error: late
(fail) slow [1.2s]

 1 pass
 3 fail
`;

test("each failure is named once, with its file and what was said of it", () => {
  expect(failuresIn(OUTPUT)).toEqual([
    {
      file: "src/a.test.ts",
      name: "group > bad",
      said: "3 | expect(1).toBe(2);\nerror: expect(received).toBe(expected)",
    },
    { file: "src/a.test.ts", name: "slow", said: "error: late" },
    { file: "src/a.test.ts", name: "unsaid", said: "" },
  ]);
});

test("where all passes there is nothing", () =>
  expect(failuresIn("(pass) a\n(pass) b [1.00ms]\n 2 pass\n")).toEqual([]));

test("a run that was ended names the files that hung", () => {
  const interrupted =
    "src/a.test.ts:\n(pass) good\n\nInterrupted while still running:\n  src/b.test.ts (8s)\n  src/c.test.ts (2m)\n";
  expect(runningIn(interrupted)).toEqual(["src/b.test.ts", "src/c.test.ts"]);
  expect(runningIn("bun test\n\nsrc/a.test.ts:\n(pass) good\n\nsrc/b.test.ts:\n(pass) better\n")).toEqual([
    "src/b.test.ts",
  ]);
  expect(runningIn("")).toEqual([]);
});
