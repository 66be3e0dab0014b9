/** What COPY chooses beyond plain paths: directories that are kept, entries that are left out, names that are not ASCII. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ContextFiles, classicBuild } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(() => engine[Symbol.asyncDispose]());

const TREE: ContextFiles = {
  "a/b/c/d/foo": "foo",
  "a/b/c/d/e/bay": "bay",
  "a/b2/c/d/e/bar": "bar",
  "home.txt": "text",
  "home.md": "mark",
  "früh/äpfel 日.txt": "apples",
  "früh/birnen.txt": "pears",
};

/** What lies in /out after the copies, files with their directories. */
async function copied(copies: readonly string[], files: ContextFiles = TREE): Promise<string[]> {
  const Dockerfile = ["FROM busybox", ...copies, ""].join("\n");
  const { imageId, error } = await classicBuild(engine, { ...files, Dockerfile });
  expect(error).toBe("");
  const found = await engine.dockerOutput("run", "--rm", imageId, "sh", "-c", "cd /out; find . -type f | sort");
  return found.split("\n").map((path) => path.slice("./".length));
}

test.each([
  ["a/b/c/d/foo", ["a/b/c/d/foo"]],
  ["a/b/./c/d", ["c/d/e/bay", "c/d/foo"]],
  ["./a/./b/./c/d/foo", ["b/c/d/foo"]],
  ["a/./*/c", ["b/c/d/e/bay", "b/c/d/foo", "b2/c/d/e/bar"]],
  ["a/b*/./c/**/e", ["c/d/e/bar", "c/d/e/bay"]],
  ["./**/ba*", ["a/b/c/d/e/bay", "a/b2/c/d/e/bar"]],
  ["--exclude=**/bay --exclude=b2 a/./**", ["b/c/d/foo"]],
  ["a/b/c/./d/foo a/b2/./c/d/e/ba*", ["c/d/e/bar", "d/foo"]],
])("COPY --parents %s", async (words, expected) => {
  expect(await copied([`COPY --parents ${words} /out/`])).toEqual(expected);
});

test("directories that --parents keeps have the mode and owner that they have at the source", async () => {
  const { imageId } = await classicBuild(engine, {
    Dockerfile: `FROM busybox AS from
RUN mkdir -p /s/a/b && touch /s/a/b/f && chmod 700 /s/a && chown 5:6 /s/a/b
FROM busybox
COPY --from=from --parents /s/./a/b/f /out/
`,
  });
  const modes = await engine.dockerOutput("run", "--rm", imageId, "stat", "-c", "%a %u:%g", "/out/a", "/out/a/b");
  expect(modes).toBe("700 0:0\n755 5:6");
});

test("with --parents a directory of another name is no cache hit", async () => {
  const renamed = { "b/one/f": "same" };
  expect(await copied(["COPY --parents */*/f /out/"], { "a/one/f": "same" })).toEqual(["a/one/f"]);
  expect(await copied(["COPY --parents */*/f /out/"], renamed)).toEqual(["b/one/f"]);
});

test("--exclude also leaves out what a pattern names", async () => {
  expect(await copied(["COPY --exclude=*.txt hom* /out/"])).toEqual(["home.md"]);
});

test.each([
  ["COPY früh /out/", ["birnen.txt", "äpfel 日.txt"]],
  ['COPY ["früh/äpfel 日.txt", "/out/ö"]', ["ö"]],
  ["COPY fr?h/?pfel* /out/", ["äpfel 日.txt"]],
  ["COPY früh/ä* /out/", ["äpfel 日.txt"]],
  ["COPY --exclude=ä* früh /out/", ["birnen.txt"]],
  ["RUN --mount=type=bind,source=früh,target=/m mkdir /out && cp /m/b* /out", ["birnen.txt"]],
])("names have all characters: %s", async (instruction, expected) => {
  expect(await copied([instruction])).toEqual(expected);
});
