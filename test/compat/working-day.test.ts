/** The docker client says the same on our engine as on Docker, script by script. */
import { afterAll, beforeAll, test } from "bun:test";
import { COMPARED_IMAGE, expectLikeDocker } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { PORT_SCRIPTS } from "./port-scripts.ts";
import { SCRIPTS } from "./scripts.ts";
import { START_SCRIPTS } from "./start-scripts.ts";
import { VOLUME_SCRIPTS } from "./volume-scripts.ts";

const ALL: Readonly<Record<string, string>> = { ...SCRIPTS, ...PORT_SCRIPTS, ...START_SCRIPTS, ...VOLUME_SCRIPTS };

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(() => engine[Symbol.asyncDispose]());

test.each(Object.keys(ALL))("docker behaves as with Docker: %s", async (name) => {
  await expectLikeDocker(engine, name, ALL[name] ?? "");
});
