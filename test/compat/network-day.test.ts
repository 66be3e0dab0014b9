/** Networks are the same everywhere: the docker client on our engine and on Docker, and our own command line. */
import { afterAll, beforeAll, test } from "bun:test";
import { COMPARED_IMAGE, expectLikeDocker, expectTareLikeDocker } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { NAME_SCRIPTS } from "./name-scripts.ts";
import { NETWORK_SCRIPTS } from "./network-scripts.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(() => engine[Symbol.asyncDispose]());

const ALL: Readonly<Record<string, string>> = { ...NETWORK_SCRIPTS, ...NAME_SCRIPTS };

test.each(Object.keys(ALL))("networks are as Docker's: %s", async (name) => {
  await expectLikeDocker(engine, name, ALL[name] ?? "");
});

/** Those about the commands of `network`; the others are about containers. */
test.each(["networks", "network-refusals", "network-connect"])(
  "tare speaks of networks as docker does: %s",
  async (name) => {
    await expectTareLikeDocker(engine, name, NETWORK_SCRIPTS[name] ?? "");
  },
);
