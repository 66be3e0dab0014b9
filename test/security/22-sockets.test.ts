/**
 * SECURITY row 22, reachable sockets of the monitor (CVE-2020-15257): containerd's shim listened on an abstract socket, which a container in
 * the host's network namespace could connect to. Ours have paths, modes and a look at who connects; each of the three suffices.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { output } from "../harness/process.ts";
import { compile, makeImage } from "./hostile-image.ts";

let engine: TestEngine;
let containerId: string;
let connect: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  // The test's own directory must not be what keeps anybody out.
  chmodSync(engine.dir, 0o755);
  connect = join(engine.dir, "connect");
  await compile("connect", connect);
  await makeImage(engine, { name: "connector", exploits: { "/connect": "connect" } });
  containerId = await engine.dockerOutput("run", "-d", "-t", "--net=host", "connector", "sleep", "1000");
  await engine.dockerOutput("exec", "-d", containerId, "sleep", "1000");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const bundle = (): string => join(engine.run, "containers", containerId);

/** Every socket in the directory of the run: of the container, its sessions, and the engine. */
function sockets(dir = engine.run): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return entry.name === "rootfs" ? [] : sockets(path);
    return entry.isSocket() ? [path] : [];
  });
}

async function asNobody(...command: readonly string[]): Promise<string> {
  // Through a shell, since setpriv itself still has root's capabilities when it runs its command.
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
  return output([...nobody, "sh", "-c", '"$@"', "sh", ...command]);
}

/** Inodes of the sockets that our processes hold. */
async function ownSockets(): Promise<Set<string>> {
  const monitors = (await output(["pgrep", "-f", `tare-monitor --dir ${engine.run}`])).split("\n");
  const links = [...monitors, String(engine.pid)].flatMap((pid) =>
    readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)),
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** "" for a descriptor that was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

test("a container in the host's network namespace sees no abstract socket of ours", async () => {
  const own = await ownSockets();
  const listed = await engine.dockerOutput("exec", containerId, "cat", "/proc/net/unix");
  const rows = listed.split("\n").map((line) => line.trim().split(/\s+/));
  const ours = rows.filter(([, , , , , , inode]) => own.has(inode ?? ""));
  expect(ours.length).toBeGreaterThan(2);
  expect(ours.filter((row) => row[7]?.startsWith("@"))).toEqual([]);
});

test("sockets of monitors are for root alone, the engine's for its group", () => {
  const modes = sockets().map((path) => `${path.replace(/^.*\//, "")} ${(statSync(path).mode & 0o777).toString(8)}`);
  expect([...new Set(modes)].sort()).toEqual(["attach.sock 600", "tare.sock 660"]);
  expect(sockets().filter((path) => path.endsWith("/attach.sock"))).toHaveLength(2);
});

test("a user of the host who is not root cannot connect", async () => {
  for (const path of sockets()) expect(await asNobody(connect, path)).toMatch(/^(open|connect): Permission denied$/);
});

test("a container that was given the directory cannot connect as another user", async () => {
  const flags = ["--rm", "--user", "65534", "-v", `${bundle()}:/bundle`];
  const said = await engine.dockerOutput("run", ...flags, "connector", "/connect", "/bundle/attach.sock");
  expect(said).toMatch(/^(open|connect): Permission denied$/);
});

test("a socket whose mode was opened still refuses whoever is not root", async () => {
  const path = join(bundle(), "attach.sock");
  const opened = [path, bundle(), dirname(bundle()), engine.run];
  const modes = opened.map((each) => statSync(each).mode);
  try {
    for (const each of opened) chmodSync(each, 0o777);
    expect(await asNobody(connect, path)).toMatch(/^(read: (end of file|Connection reset by peer)|send: Broken pipe)$/);
    expect(await output([connect, path])).toContain("answer: ");
  } finally {
    opened.forEach((each, at) => chmodSync(each, modes[at] ?? 0o700));
  }
  expect(readFileSync(join(bundle(), "pid"), "utf8")).toMatch(/^\d+$/);
});
