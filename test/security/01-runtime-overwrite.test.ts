/**
 * SECURITY row 1, runtime binary overwrite (CVE-2019-5736): a container that gets the runtime to run itself inside, or that catches it on
 * its way in, has a hold of a host's program through /proc/PID/exe. The runtimes attacked are copies, in case that it works.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { output } from "../harness/process.ts";
import { execute } from "./client.ts";
import { copyProgram, makeImage } from "./hostile-image.ts";

/** The attack succeeds at once or never; a thousand sessions are no more telling than these, and take five times as long. */
const SESSIONS: Readonly<Record<string, number>> = { crun: 100, runc: 15 };
const NATIVE = resolve(import.meta.dir, "../../native/build");
const MONITOR = join(NATIVE, "tare-monitor");
const INIT = join(NATIVE, "tare-init");

let dir: string;
let engine: TestEngine;
let victims: Readonly<Record<string, string>>;

beforeAll(async () => {
  dir = mkdtempSync("/var/tmp/tare-victims-");
  victims = { crun: join(dir, "crun"), runc: join(dir, "runc") };
  copyProgram("/usr/bin/crun", join(dir, "crun"));
  copyProgram("/usr/sbin/runc", join(dir, "runc"));
  engine = await TestEngine.start({
    config: { runtimes: { crun: { path: victims["crun"] }, runc: { path: victims["runc"] } } },
  });
  await makeImage(engine, {
    name: "overwriter",
    exploits: { "/lib64/ld-linux-x86-64.so.2": "interpreter", "/overwrite": "overwrite", "/hunt": "hunt" },
    scripts: { "/entry": "#!/proc/self/exe\n" },
  });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
/** Of the engine's own programs the beginning, where an attack would have written: a build may replace them meanwhile. */
const fingerprints = (): string[] => [...Object.values(victims).map(hashOf), ...[MONITOR, INIT].map(magicOf)];
const magicOf = (path: string): string => readFileSync(path).toString("latin1", 0, 4);

test.each(Object.keys(SESSIONS))("%s as a container's own interpreter cannot be written to", async (runtime) => {
  const before = fingerprints();
  const said = await engine.dockerOutput("run", "--rm", "--runtime", runtime, "overwriter", "/entry");
  expect(said).toMatch(/: Read-only file system$/);
  expect(fingerprints()).toEqual(before);
});

test.each(Object.entries(SESSIONS))(
  "%s on its way into a container cannot be caught in %p sessions",
  async (runtime, sessions) => {
    const before = fingerprints();
    const hunters = `/hunt & /hunt & wait`;
    const id = await engine.dockerOutput("run", "-d", "--runtime", runtime, "overwriter", "sh", "-c", hunters);
    for (let session = 0; session < sessions; session++) {
      const { output: said } = await execute(engine, id, [session % 2 === 0 ? "/entry" : "/bin/true"]);
      expect(said).not.toContain("overwritten");
    }
    await execute(engine, id, ["touch", "/stop"]);
    await engine.dockerOutput("wait", id);
    const counts = await engine.dockerOutput("logs", id);
    expect(counts).toMatch(/^(seen \d+ opened \d+ overwritten 0\n?){2}$/);
    expect(fingerprints()).toEqual(before);
  },
);

test("the monitor and the engine cannot be reached through /proc of the host's pid namespace", async () => {
  const id = await engine.dockerOutput("run", "-d", "--pid=host", "overwriter", "sleep", "1000");
  const monitor = await output(["pgrep", "-f", `tare-monitor --dir ${engine.run}/containers/${id}`]);
  for (const pid of [monitor, String(engine.pid)]) {
    const { output: said } = await execute(engine, id, ["/overwrite", `/proc/${pid}/exe`]);
    expect(said).toBe(": Permission denied\n");
  }
});

test("the init of --init cannot be changed from inside", async () => {
  const before = [magicOf(INIT), statSync(INIT).mode];
  const id = await engine.dockerOutput("run", "-d", "--init", "overwriter", "sleep", "1000");
  const change = ["sh", "-c", "chmod 0 /sbin/docker-init; mount -o remount,rw /sbin/docker-init; true"];
  const { output: said } = await execute(engine, id, change);
  expect(said).toContain("chmod: /sbin/docker-init: Read-only file system");
  expect(said).toMatch(/mount: .*(permission denied|not permitted)/i);
  expect([magicOf(INIT), statSync(INIT).mode]).toEqual(before);
});
