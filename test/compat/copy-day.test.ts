/** Copying says and does the same everywhere: the docker client on our engine and on Docker, and our own command line. */
import { afterAll, beforeAll, test } from "bun:test";
import { COMPARED_IMAGE, expectLikeDocker, expectTareLikeDocker } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { COPY_SCRIPTS } from "./copy-scripts.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(() => engine[Symbol.asyncDispose]());

test.each(Object.keys(COPY_SCRIPTS))("docker copies as with Docker: %s", async (name) => {
  await expectLikeDocker(engine, name, COPY_SCRIPTS[name] ?? "");
});

test.each(Object.keys(COPY_SCRIPTS))("tare copies as docker does: %s", async (name) => {
  await expectTareLikeDocker(engine, name, COPY_SCRIPTS[name] ?? "");
});
