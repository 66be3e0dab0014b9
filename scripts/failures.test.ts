import { expect, test } from "bun:test";
import { failuresIn } from "./failures.ts";

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
