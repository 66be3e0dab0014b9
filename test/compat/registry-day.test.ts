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
const owned = new AsyncDisposableStack();
beforeAll(async () => {
  open = owned.use(await DockerRegistry.start());
  guarded = owned.use(await DockerRegistry.start({ users: { ann: "secret" } }));
  engine = owned.use(await TestEngine.start());
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(() => owned.disposeAsync());

test.each(Object.keys(REGISTRY_SCRIPTS))("docker behaves as with Docker: %s", async (name) => {
  const hosts = `R=${open.host} A=${guarded.host}\n`;
  await expectLikeDocker(engine, name, hosts + (REGISTRY_SCRIPTS[name] ?? ""));
});
