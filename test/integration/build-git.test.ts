/** Contexts that are repositories: of servers without shallow clones, and of those that want to know who asks. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildCommand } from "../harness/build-command.ts";
import { TestEngine } from "../harness/engine.ts";
import { GitFiles } from "../harness/git-server.ts";
import { ensureBusybox } from "../harness/images.ts";

let engine: TestEngine;
let build: BuildCommand;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  build = new BuildCommand(engine);
});
afterAll(() => engine[Symbol.asyncDispose]());

const TOKEN = "very-secret-token";
const BASIC = `basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`;

const serve = (authorization?: string): Promise<GitFiles> =>
  GitFiles.start(async (dir) => {
    writeFileSync(join(dir, "Dockerfile"), "FROM busybox\nCOPY word /\n");
    writeFileSync(join(dir, "word"), "cloned\n");
  }, authorization);

const cloned = async (): Promise<string> => engine.dockerOutput("run", "--rm", "git:built", "cat", "/word");

test("a repository of plain files is cloned by branch, by default and by the beginning of a commit", async () => {
  await using repository = await serve();
  for (const ref of ["", "#main", `#${repository.commit}`, `#${repository.commit.slice(0, 10)}`]) {
    await build.succeed("/", ["-t", "git:built", `${repository.address}${ref}`]);
    expect(await cloned()).toBe("cloned");
    await engine.dockerOutput("rmi", "git:built");
  }
});

test.each([
  ["GIT_AUTH_TOKEN", TOKEN],
  ["GIT_AUTH_HEADER", BASIC],
])("a private repository is cloned with the client's %s, which nobody sees", async (name, value) => {
  await using repository = await serve(BASIC);
  const refused = await build.run("/", ["-t", "git:built", repository.address]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("failed to fetch remote");
  const { host } = new URL(repository.address);
  for (const id of [name, `${name}.${host}`]) {
    const args = ["--no-cache", "--secret", `id=${id},env=${name}`, "-t", "git:built", repository.address];
    const { stderr } = await build.succeed("/", args, { env: { [name]: value } });
    expect(stderr).not.toContain(value);
    expect(await cloned()).toBe("cloned");
    await engine.dockerOutput("rmi", "git:built");
  }
});

test("a token for one host is not sent to another", async () => {
  await using repository = await serve(BASIC);
  const args = ["--secret", "id=GIT_AUTH_TOKEN.example.org,env=TOKEN", repository.address];
  const { exitCode } = await build.run("/", args, { env: { TOKEN } });
  expect(exitCode).toBe(1);
});
