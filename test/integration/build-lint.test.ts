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
