/** Containers that belong together do so everywhere: the docker client on our engine and on Docker, and our own command line. */
import { afterAll, beforeAll, test } from "bun:test";
import { COMPARED_IMAGE, expectLikeDocker, expectTareLikeDocker } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { TOGETHER_SCRIPTS } from "./together-scripts.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(() => engine[Symbol.asyncDispose]());

test.each(Object.keys(TOGETHER_SCRIPTS))("containers work together as with Docker: %s", async (name) => {
  await expectLikeDocker(engine, name, TOGETHER_SCRIPTS[name] ?? "");
});

test("tare puts them together as docker does", async () => {
  await expectTareLikeDocker(engine, "day-together", TOGETHER_SCRIPTS["day-together"] ?? "");
});
