/** `stats` as with Docker, through the docker client and our own command line. What is measured is masked, its spelling is not. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { COMPARED_IMAGE, expectLikeDocker, expectTareLikeDocker } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";

const SCRIPT = `
  mask() { sed -E 's,[0-9.]+([kKMGT]i?)?B,<size>,g; s,[0-9]+\\.[0-9]{2}%,<share>,g; s, +, ,g'; }
  docker run -d --network none --name cmp-stats cmpbox sleep 600 >/dev/null
  docker create --network none --name cmp-stats2 cmpbox true >/dev/null
  docker stats --no-stream cmp-stats cmp-stats2 | mask
  docker stats --no-stream --format json cmp-stats2
  docker stats --no-stream --format '{{.Container}} {{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.MemPerc}} {{.NetIO}} {{.BlockIO}} {{.PIDs}}' cmp-stats | mask
  docker stats --no-stream --no-trunc --format 'table {{.ID}}\\t{{.Container}}\\t{{.PIDs}}' cmp-stats
  docker stats -a --no-stream --format '{{.Name}}' | grep cmp-stats | sort
  docker stats --no-stream cmp-stats nosuch nosuch2; echo "=> $?"
  docker stats --no-stream --format '{{.Foo}}' cmp-stats; echo "=> $?"
  docker rm -f cmp-stats cmp-stats2 >/dev/null`;

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv(), COMPARED_IMAGE);
});
afterAll(() => engine[Symbol.asyncDispose]());

test("docker shows statistics as with Docker", async () => {
  await expectLikeDocker(engine, "stats", SCRIPT);
});

test("tare shows statistics as docker does", async () => {
  await expectTareLikeDocker(engine, "stats", SCRIPT);
});

test("tare stats goes on: it shows new containers, forgets ended ones, and ends when it is interrupted", async () => {
  await using shown = engine.tareTerminal("stats", "--format", "{{.Name}} {{.PIDs}}");
  await engine.dockerOutput("run", "-d", "--network", "none", "--name", "come", "cmpbox", "sleep", "600");
  await shown.expect("come 1");
  await engine.dockerOutput("rm", "-f", "come");
  await engine.dockerOutput("run", "-d", "--network", "none", "--name", "other", "cmpbox", "sleep", "600");
  await shown.expect("other 1");
  expect(shown.screen.split("\x1b[H").at(-1)).not.toContain("come");
  process.kill(shown.pid, "SIGINT");
  expect(await shown.exit()).toBe(130);
  await engine.dockerOutput("rm", "-f", "other");
});
