/** An engine on another machine, reached as docker's clients do: ssh runs `docker system dial-stdio` there. Here ssh is a script. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TARE, TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { run } from "../harness/process.ts";

let engine: TestEngine;
let bin: string;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  bin = mkdtempSync(join(tmpdir(), "tare-ssh-"));
  const program = TARE.map((word) => `'${word}'`).join(" ");
  writeFileSync(
    join(bin, "ssh"),
    `#!/bin/sh\nshift 3\nprintf '%s\\n' "$*" >>'${bin}/asked'\nexec ${program} system dial-stdio\n`,
    {
      mode: 0o755,
    },
  );
});
afterAll(async () => {
  rmSync(bin, { recursive: true, force: true });
  await engine[Symbol.asyncDispose]();
});

const remotely = (args: readonly string[], stdin = "") => {
  const { DOCKER_HOST: _local, PATH = "", ...env } = { ...engine.dockerEnv(), ...engine.tareEnv() };
  return run(["docker", "-H", "ssh://elsewhere", ...args], { stdin, env: { ...env, PATH: `${bin}:${PATH}` } });
};

test("docker -H ssh://… runs containers, with their streams and exit codes", async () => {
  const { stdout, stderr, exitCode } = await remotely(
    ["run", "--rm", "-i", "busybox", "sh", "-c", "cat; echo told >&2; exit 3"],
    "said\n",
  );
  expect([stdout, stderr, exitCode]).toEqual(["said\n", "told\n", 3]);
});

test("many megabytes come over, both ways", async () => {
  const sent = "0123456789abcdef".repeat(256 * 1024);
  const { stdout, exitCode } = await remotely(["run", "--rm", "-i", "busybox", "sh", "-c", "cat | cat"], sent);
  expect([stdout.length, stdout === sent, exitCode]).toEqual([sent.length, true, 0]);
});

test("it ends with its input, and nobody is told of it", async () => {
  const request = "GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const { stdout, exitCode } = await engine.tareWith({ stdin: request }, "system", "dial-stdio");
  expect([stdout.endsWith("\r\n\r\nOK"), exitCode]).toEqual([true, 0]);
  expect((await engine.tare("system", "--help")).stdout).not.toContain("dial-stdio");
});
