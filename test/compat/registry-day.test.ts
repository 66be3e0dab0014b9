/** The docker client says the same of registries on our engine as on Docker, script by script. */
import { afterAll, beforeAll, test } from "bun:test";
import { COMPARED_IMAGE, expectLikeDocker } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { DockerRegistry } from "../harness/registry.ts";
import { REGISTRY_SCRIPTS } from "./registry-scripts.ts";

let engine: TestEngine;
let open: DockerRegistry;
let guarded: DockerRegistry;
beforeAll(async () => {
  open = await DockerRegistry.start();
  guarded = await DockerRegistry.start({ users: { ann: "secret" } });
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
  await guarded[Symbol.asyncDispose]();
});

test.each(Object.keys(REGISTRY_SCRIPTS))("docker behaves as with Docker: %s", async (name) => {
  const hosts = `R=${open.host} A=${guarded.host}\n`;
  await expectLikeDocker(engine, name, hosts + (REGISTRY_SCRIPTS[name] ?? ""));
});
