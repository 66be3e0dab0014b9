/** What cannot work is refused in Docker's words with Docker's exit code, and leaves nothing behind. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { busyboxRootfs, ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";
import { added } from "../harness/residue.ts";

let engine: TestEngine;
let before: string[];
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  await engine.dockerOutput("run", "--rm", "busybox", "true");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});
beforeEach(() => {
  before = engine.residue().filter(isLasting);
});
afterEach(async () => {
  expect(await engine.dockerOutput("ps", "-aq")).toBe("");
  expect(added(before, engine.residue().filter(isLasting))).toEqual([]);
});

/** Links of the warm pool come and go. */
const isLasting = (line: string): boolean => !line.startsWith("link ");

test.each<[string, string[], number, string]>([
  [
    "an image of a registry that is not there",
    ["run", "--rm", "127.0.0.1:1/nosuchimage", "true"],
    125,
    'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
  ],
  ["an invalid reference", ["run", "--rm", "UPPER/Case", "true"], 125, "invalid reference format"],
  [
    "a missing command",
    ["run", "--rm", "busybox", "nosuch"],
    127,
    'exec: "nosuch": executable file not found in $PATH',
  ],
  ["a file that is not executable", ["run", "--rm", "busybox", "/etc/passwd"], 126, "permission denied"],
  ["a directory as command", ["run", "--rm", "busybox", "/etc"], 126, "is a directory"],
  [
    "an unknown user",
    ["run", "--rm", "-u", "ghost", "busybox", "true"],
    125,
    "unable to find user ghost: no matching entries in passwd file",
  ],
  [
    "a user id out of range",
    ["run", "--rm", "-u", "4294967296", "busybox", "true"],
    125,
    "uids and gids must be in range 0-2147483647",
  ],
  ["an invalid name", ["run", "--rm", "--name", "a/b", "busybox", "true"], 125, "Invalid container name (a/b)"],
  ["too little memory", ["run", "--rm", "-m", "1m", "busybox", "true"], 125, "Minimum memory limit allowed is 6MB"],
  [
    "more CPUs than there are",
    ["run", "--rm", "--cpus", "999", "busybox", "true"],
    125,
    "range of CPUs is from 0.01 to",
  ],
  [
    "an unknown runtime",
    ["run", "--rm", "--runtime", "nosuch", "busybox", "true"],
    125,
    "unknown or invalid runtime name: nosuch",
  ],
  ["an unknown network", ["run", "--rm", "--network", "nosuch", "busybox", "true"], 125, "network nosuch not found"],
  [
    "a relative working directory",
    ["run", "--rm", "-w", "here", "busybox", "true"],
    125,
    "the working directory 'here' is invalid, it needs to be an absolute path",
  ],
  ["an unknown capability", ["run", "--rm", "--cap-add", "NOSUCH", "busybox", "true"], 125, "unknown capability"],
  [
    "a missing bind source",
    ["run", "--rm", "--mount", "type=bind,src=/no/such,dst=/x", "busybox", "true"],
    125,
    "bind source path does not exist: /no/such",
  ],
  ["a signal that does not exist", ["run", "--rm", "--stop-signal", "NOSUCH", "busybox", "true"], 125, "signal"],
  [
    "a namespace of nobody",
    ["run", "--rm", "--pid", "container:nobody", "busybox", "true"],
    125,
    "No such container: nobody",
  ],
])("run refuses %s", async (_what, args, exitCode, message) => {
  const docker = await engine.docker(...args);
  expect(docker.stderr).toContain(message);
  expect(docker.exitCode).toBe(exitCode);
  const tare = await engine.tare(...args);
  expect(tare.stderr).toContain(message);
  expect(tare.exitCode).toBe(exitCode);
});

test.each<[string, string[], string]>([
  ["start", ["start", "nobody"], "No such container: nobody"],
  ["stop", ["stop", "nobody"], "No such container: nobody"],
  ["rm", ["rm", "nobody"], "No such container: nobody"],
  ["logs", ["logs", "nobody"], "No such container: nobody"],
  ["exec", ["exec", "nobody", "true"], "No such container: nobody"],
  ["inspect", ["inspect", "nobody"], "nobody"],
  ["rmi", ["rmi", "nobody"], "No such image: nobody:latest"],
  ["tag", ["tag", "nobody", "x"], "No such image: nobody:latest"],
])("%s of what does not exist", async (_command, args, message) => {
  for (const result of [await engine.docker(...args), await engine.tare(...args)]) {
    expect(result.stderr).toContain(message);
    expect(result.exitCode).toBe(1);
  }
});

test("an archive that is cut short or no archive leaves no image, layer or temporary file", async () => {
  const tar = await busyboxRootfs();
  for (const bytes of [tar.subarray(0, 100_000), new TextEncoder().encode("no archive"), tar.subarray(0, 513)]) {
    const { exitCode } = await engine.dockerWith({ stdin: bytes }, "load");
    expect(exitCode).not.toBe(0);
  }
  const cut = await engine.dockerWith({ stdin: tar.subarray(0, 1_000_000) }, "import", "-", "cut");
  expect(cut.exitCode).toBe(1);
  expect(await engine.dockerOutput("images", "-q", "cut")).toBe("");
});

test("a container that fills the disk of its log goes on, and the engine with it", async () => {
  const small = join(engine.dir, "small");
  mkdirSync(small);
  await output(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
  try {
    const log = (
      await engine.dockerOutput(
        "create",
        "--name",
        "chatty",
        "busybox",
        "sh",
        "-c",
        "yes 0123456789 | head -c 4000000; echo done >&2; exit 4",
      )
    ).trim();
    await output(["mount", "--bind", small, join(engine.root, "containers", log)]);
    const { exitCode } = await engine.docker("start", "-a", "chatty");
    expect(exitCode).toBe(4);
    await output(["umount", join(engine.root, "containers", log)]);
    await engine.dockerOutput("rm", "chatty");
  } finally {
    await output(["umount", small]);
  }
});

test("an archive at an address where nobody listens is told of as Docker does", async () => {
  const from = encodeURIComponent("http://127.0.0.1:1/x");
  const answer = await fetch(`http://docker/v1.47/images/create?fromSrc=${from}`, {
    method: "POST",
    unix: engine.socketPath,
  });
  expect(answer.status).toBe(500);
  expect(await answer.json()).toEqual({
    message: 'Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused',
  });
});
