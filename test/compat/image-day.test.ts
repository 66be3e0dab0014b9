/** The docker client says the same of images on our engine as on Docker, script by script. */
import { afterAll, beforeAll, test } from "bun:test";
import { COMPARED_IMAGE, expectLikeDocker } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { IMAGE_SCRIPTS } from "./image-scripts.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(() => engine[Symbol.asyncDispose]());

test.each(Object.keys(IMAGE_SCRIPTS))("docker behaves as with Docker: %s", async (name) => {
  await expectLikeDocker(engine, name, IMAGE_SCRIPTS[name] ?? "");
});
