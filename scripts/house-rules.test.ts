/** Each rule of the house fires on what it forbids and stays silent on what it allows. */
import { expect, test } from "bun:test";
import { problemsOf } from "./house-rules.ts";

const HEAD = "/** A file. */\n";

test.each([
  ["an import upward", "src/base/x.ts", `import { a } from "../engine/a.ts";`],
  ["an import upward from a nested folder", "src/engine/container/x.ts", `import { a } from "../../daemon/a.ts";`],
  ["an import of a room on the same level", "src/image/x.ts", `import type { A } from "../network/a.ts";`],
  ["a lazy import upward", "src/client/x.ts", `await import("../cli/a.ts");`],
  ["the engine room in the command line", "src/cli/commands/x.ts", `import { a } from "../../engine/a.ts";`],
  ["a barrel", "src/base/x.ts", `import { a } from "./index.ts";`],
  ["what tests share, in what is no test", "src/files/x.ts", `import { a } from "../../test/harness/a.ts";`],
  ["ffi outside the kernel room", "src/image/x.ts", `import { dlopen } from "bun:ffi";`],
  ["a module that is slow to load", "src/api/x.ts", `import { createServer } from "node:http";`],
  ["an environment variable in a deep room", "src/engine/x.ts", "const home = process.env.HOME;"],
  ["work left undone", "src/base/x.ts", "// TO" + "DO later"],
  ["a silenced tool", "src/base/x.ts", "// @ts-" + "expect-error"],
  ["a test switched off", "src/base/x.test.ts", "test.sk" + 'ip("x", () => {});'],
  ["somebody's home", "docs/x.md", "see /ho" + "me/me/notes"],
])("house rules refuse %s", (_what, path, line) => {
  expect(problemsOf(path, `${HEAD}${line}\n`)).toHaveLength(1);
});

test.each([
  ["an import downward", "src/engine/container/x.ts", `import { a } from "../../base/a.ts";`],
  ["an import within the room", "src/engine/container/x.ts", `import { a } from "../events.ts";`],
  ["what tests share, in a test", "src/files/x.test.ts", `import { a } from "../../test/harness/a.ts";`],
  ["ffi in the kernel room", "src/kernel/x.ts", `import { dlopen } from "bun:ffi";`],
  ["the environment in main.ts", "src/main.ts", "const home = process.env.HOME;"],
  ["everything in the composition root", "src/daemon/x.ts", `import { a } from "../api/a.ts";`],
])("house rules allow %s", (_what, path, line) => {
  expect(problemsOf(path, `${HEAD}${line}\n`)).toEqual([]);
});

test("house rules ask every file for a head comment", () => {
  expect(problemsOf("src/base/x.ts", "export const a = 1;\n")).toHaveLength(1);
});

test("house rules keep C files short", () => {
  expect(problemsOf("native/x.c", "int a;\n".repeat(400))).toHaveLength(1);
});
