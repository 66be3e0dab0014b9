/** What builds warn of, as BuildKit in Docker 28.5 does. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { BuildCommand, lines } from "../harness/build-command.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
let build: BuildCommand;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  build = new BuildCommand(engine);
});
afterAll(() => engine[Symbol.asyncDispose]());

async function warnings(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { stdout } = await build.run(build.context(files), ["--call=check,format=json", "."]);
  const found: { warnings: { ruleName: string; detail: string }[] | null } = JSON.parse(stdout);
  return (found.warnings ?? []).map(({ ruleName, detail }) => `${ruleName}: ${detail}`);
}

test("a relative working directory is told as it is after expansion, and no more once one is absolute", async () => {
  const Dockerfile = lines(
    "FROM busybox",
    "ENV D=deep ROOT=/r",
    "WORKDIR w/$D",
    "FROM busybox",
    "ENV ROOT=/r",
    "WORKDIR $ROOT",
    "WORKDIR rel",
  );
  expect(await warnings({ Dockerfile })).toEqual([
    'WorkdirRelativePath: Relative workdir "w/deep" can have unexpected results if the base image changes',
  ]);
});

const EXPERIMENTAL = "# check=experimental=all";

test("copies from the context of what .dockerignore leaves out are warned of", async () => {
  const Dockerfile = lines(
    EXPERIMENTAL,
    "FROM busybox AS base",
    "ARG name=a",
    "COPY $name.log keep.log *.log skipped /to/",
    "ADD skipped/f http://127.0.0.1:1/q.log /to/",
    "COPY --from=base a.log /to/",
    "COPY <<EOF a.log",
    "EOF",
  );
  const found = await warnings({ Dockerfile, ".dockerignore": lines("*.log", "skipped", "!keep.log") });
  const excluded = (verb: string, file: string): string =>
    `CopyIgnoredFile: Attempting to ${verb} file "${file}" that is excluded by .dockerignore`;
  expect(found).toEqual([
    ...["a.log", "*.log", "skipped"].map((file) => excluded("Copy", file)),
    excluded("Add", "skipped/f"),
  ]);
});

test("a comment before a definition that does not begin with its name is warned of", async () => {
  const Dockerfile = lines(
    EXPERIMENTAL,
    "# bar is not it",
    "ARG foo=1",
    "# b is one of them",
    "ARG a=2 b=3",
    "# c is none of them",
    "ARG d=2 e=3",
    "# base is right",
    "FROM busybox AS base",
    "# too far",
    "",
    "FROM busybox AS far",
    "# no name, no matter",
    "FROM busybox",
    "# nor do others",
    "ENV a=b",
  );
  const format = (name: string, key: string): string =>
    `InvalidDefinitionDescription: Comment for ${name} should follow the format: \`# ${key} <description>\``;
  expect(await warnings({ Dockerfile })).toEqual([
    format("ARG", "foo"),
    format("ARG", "<arg_key>"),
    format("FROM", "far"),
  ]);
  expect((await warnings({ Dockerfile: Dockerfile.replace(EXPERIMENTAL, "#") })).length).toBe(0);
});
