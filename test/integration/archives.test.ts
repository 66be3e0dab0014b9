/** Copies and what happens meanwhile: slow clients, containers that end, start or go, and an engine that dies. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { SocketStream } from "../../src/base/socket-stream.ts";
import { connectUnix } from "../../src/base/socket-stream.ts";
import { writeTar } from "../../src/base/tar/writer.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";

const MEGABYTE = 1 << 20;

let engine: TestEngine;
let local: string;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  local = mkdtempSync(join(engine.dir, "local-"));
});
afterEach(async () => {
  await engine.docker("rm", "-f", "-v", "cc");
});
afterAll(() => engine[Symbol.asyncDispose]());

const startContainer = (...options: readonly string[]): Promise<string> =>
  engine.dockerOutput("run", "-d", "--network", "none", "--name", "cc", ...options, "busybox", "sleep", "1000");
const createContainer = (...options: readonly string[]): Promise<string> =>
  engine.dockerOutput("create", "--network", "none", "--name", "cc", ...options, "busybox", "sleep", "1000");
const inside = (script: string): Promise<string> => engine.dockerOutput("exec", "cc", "sh", "-c", script);

/** Mounts and directories that a copy might leave; the warm pool and the engine's helpers come and go. */
const leftovers = (): string[] => {
  const views = join(engine.run, "views");
  return existsSync(views) ? readdirSync(views) : [];
};

const openFiles = (): number => readdirSync(`/proc/${engine.pid}/fd`).length;

/** Begins a request by hand, to send and read as much of it as a test wants. */
async function request(line: string, headers = ""): Promise<SocketStream> {
  const stream = await connectUnix(engine.socketPath);
  await stream.write(Buffer.from(`${line} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n${headers}\r\n`));
  return stream;
}

const upload = (): Promise<SocketStream> =>
  request(
    "PUT /v1.47/containers/cc/archive?path=/",
    "Content-Type: application/x-tar\r\nContent-Length: 100000000\r\n",
  );
const download = (path: string): Promise<SocketStream> => request(`GET /v1.47/containers/cc/archive?path=${path}`);

const halfAnArchive = (): Buffer =>
  writeTar([
    { type: "file", name: "whole", data: Buffer.from("whole") },
    { type: "file", name: "cut", data: Buffer.alloc(MEGABYTE, "x") },
  ]).subarray(0, MEGABYTE / 2);

async function firstBytes(stream: SocketStream): Promise<string> {
  const { value } = await stream.readable[Symbol.asyncIterator]().next();
  return Buffer.from(value ?? []).toString("latin1");
}

async function everything(stream: SocketStream): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream.readable));
}

test("an engine that is killed while it takes an archive leaves a container that goes on, and nothing else", async () => {
  await startContainer("-v", "/v");
  const stream = await upload();
  await stream.write(halfAnArchive());
  await eventually(async () => (await engine.docker("exec", "cc", "ls", "/cut")).exitCode === 0);
  await engine.kill();
  expect(await inside("true").catch(() => "no engine")).toBe("no engine");
  await engine.begin();
  expect(await inside("cat /whole")).toBe("whole");
  expect(leftovers()).toEqual([]);
  writeFileSync(join(local, "f"), "again");
  await engine.dockerOutput("cp", join(local, "f"), "cc:/whole");
  expect(await inside("cat /whole")).toBe("again");
});

test("an engine that is killed while it copies out of a stopped container can start it afterwards", async () => {
  await createContainer("-v", "/v");
  const archive = writeTar([{ type: "file", name: "large", data: Buffer.alloc(20 * MEGABYTE, "x") }]);
  expect((await engine.dockerWith({ stdin: archive }, "cp", "-", "cc:/v")).exitCode).toBe(0);
  const stream = await download("/v/large");
  expect(await firstBytes(stream)).toStartWith("HTTP/1.1 200");
  await engine.kill();
  await engine.begin();
  expect(leftovers()).toEqual([]);
  await engine.dockerOutput("start", "cc");
  expect(await inside("wc -c </v/large")).toBe(String(20 * MEGABYTE));
});

test("a container is started once a copy out of it is over, or its client is gone", async () => {
  await createContainer();
  await engine.dockerWith(
    { stdin: writeTar([{ type: "file", name: "large", data: Buffer.alloc(20 * MEGABYTE) }]) },
    "cp",
    "-",
    "cc:/",
  );
  const stream = await download("/large");
  await firstBytes(stream);
  let started = false;
  const starting = engine.dockerOutput("start", "cc").then(() => {
    started = true;
  });
  await engine.dockerOutput("inspect", "cc");
  expect(started).toBe(false);
  stream.close();
  await starting;
  expect(await inside("wc -c </large")).toBe(String(20 * MEGABYTE));
});

test("a copy goes on when its container ends, volumes included", async () => {
  await startContainer("-v", "/v");
  await inside("head -c 20000000 /dev/zero >/v/zeros; echo last >/v/zzz");
  const stream = await download("/v");
  const start = await firstBytes(stream);
  await engine.dockerOutput("rm", "-f", "cc");
  const rest = await everything(stream);
  expect(start).toStartWith("HTTP/1.1 200");
  expect(rest.includes("v/zzz")).toBe(true);
  expect(rest.subarray(-5).toString()).toBe("0\r\n\r\n");
});

test("a client that stops reading costs no memory and nobody else any time", async () => {
  await startContainer();
  await inside("head -c 300000000 /dev/zero >/zeros");
  const memory = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${engine.pid}/status`, "utf8"))?.[1] ?? 0);
  // The first copy starts the thread, which is not what is measured.
  await engine.dockerOutput("cp", "cc:/etc/passwd", local);
  const before = memory();
  const streams = await Promise.all(Array.from({ length: 8 }, () => download("/zeros")));
  for (const stream of streams) await firstBytes(stream);
  expect(await inside("echo alive")).toBe("alive");
  await engine.dockerOutput("cp", "cc:/etc/passwd", join(local, "meanwhile"));
  expect(memory() - before).toBeLessThan(60_000);
  for (const stream of streams) stream.close();
});

test("copies leave no descriptor open, whatever becomes of them", async () => {
  await startContainer("-v", "/v");
  await inside("head -c 5000000 /dev/zero >/v/zeros");
  await engine.dockerOutput("cp", "cc:/v", local);
  await eventually(async () => openFiles() < 200);
  const before = openFiles();
  for (let round = 0; round < 5; round++) {
    const cut = await download("/v");
    await firstBytes(cut);
    cut.close();
    const broken = await upload();
    await broken.write(halfAnArchive());
    broken.close();
    await engine.docker("cp", "cc:/missing", local);
    await engine.docker("cp", join(local, "missing"), "cc:/");
    await engine.dockerWith({ stdin: "garbage" }, "cp", "-", "cc:/v");
    await engine.dockerOutput("diff", "cc");
  }
  await eventually(async () => openFiles() <= before + 2);
});

test("a tmpfs of a running container is seen, and written to", async () => {
  await startContainer("--tmpfs", "/t");
  await inside("echo inside >/t/f");
  await engine.dockerOutput("cp", "cc:/t/f", join(local, "tmpfs"));
  expect(readFileSync(join(local, "tmpfs"), "utf8")).toBe("inside\n");
  writeFileSync(join(local, "in"), "outside");
  await engine.dockerOutput("cp", join(local, "in"), "cc:/t/g");
  expect(await inside("cat /t/g")).toBe("outside");
});

test("binds are seen as they are mounted, subdirectories and read-only ones, and files", async () => {
  mkdirSync(join(local, "vol"));
  writeFileSync(join(local, "bound-file"), "bound");
  await startContainer("-v", `${local}:/b:ro`, "-v", "/b/vol", "-v", `${local}/bound-file:/etc/bound`);
  await inside("echo v >/b/vol/f");
  const listing = (await engine.docker("cp", "cc:/b", "-")).stdout;
  expect(listing).toContain("b/vol/f");
  await engine.dockerOutput("cp", "cc:/etc/bound", join(local, "got"));
  expect(readFileSync(join(local, "got"), "utf8")).toBe("bound");
  const refused = await engine.docker("cp", join(local, "got"), "cc:/b/x");
  expect(refused.stderr).toContain("mounted volume is marked read-only");
  const busy = await engine.docker("cp", join(local, "got"), "cc:/etc/bound");
  expect(busy.stderr).toContain("device or resource busy");
});

test("an absolute link in the image leads to where the container sees it", async () => {
  await startContainer();
  await inside("mkdir -p /real && ln -s /real /linked && rm -rf /var/run && ln -s /run /var/run && mkdir -p /run/x");
  writeFileSync(join(local, "pid"), "1");
  await engine.dockerOutput("cp", join(local, "pid"), "cc:/var/run/x/pid");
  await engine.dockerOutput("cp", join(local, "pid"), "cc:/linked/pid");
  expect(await inside("cat /run/x/pid /real/pid")).toBe("11");
});

test("a file with holes keeps them both ways", async () => {
  await startContainer();
  const path = join(local, "holes");
  Bun.spawnSync(["truncate", "-s", "200M", path]);
  await engine.tareOutput("cp", path, "cc:/holes");
  expect(Number(await inside("du -k /holes | cut -f 1"))).toBeLessThan(1000);
  await engine.tareOutput("cp", "cc:/holes", join(local, "back"));
  const { size, blocks } = statSync(join(local, "back"));
  expect([size, blocks < 2000]).toEqual([200 * MEGABYTE, true]);
  for (const name of ["holes", "back"]) rmSync(join(local, name));
});

test("what was copied is told: archive-path, extract-to-dir, export", async () => {
  await startContainer();
  const since = String(Date.now() / 1000);
  writeFileSync(join(local, "f"), "");
  await engine.dockerOutput("cp", join(local, "f"), "cc:/f");
  await engine.dockerOutput("cp", "cc:/f", join(local, "g"));
  await engine.dockerOutput("export", "-o", join(local, "tar"), "cc");
  const until = String(Date.now() / 1000 + 1);
  const format = ["--since", since, "--until", until, "--format", "{{.Type}} {{.Action}}"];
  const told = await engine.dockerOutput("events", "--filter", "container=cc", ...format);
  expect(told.split("\n")).toEqual(["container extract-to-dir", "container archive-path", "container export"]);
});

test("on a terminal the command line says what it has copied, unless it is to be quiet", async () => {
  await startContainer();
  writeFileSync(join(local, "small"), "small");
  await using up = engine.tareTerminal("cp", join(local, "small"), "cc:/small");
  await up.expect("Successfully copied 2.05kB to cc:/small");
  expect(await up.exit()).toBe(0);
  await using down = engine.tareTerminal("cp", "cc:/small", join(local, "down"));
  await down.expect(`Successfully copied 2.05kB to ${local}/down`);
  await using quiet = engine.tareTerminal("cp", "-q", "cc:/small", join(local, "quiet"));
  expect(await quiet.exit()).toBe(0);
  expect(quiet.screen).toBe("");
});

test("an engine that is stopped while a client has stopped reading ends all the same", async () => {
  await startContainer();
  await inside("head -c 50000000 /dev/zero >/zeros");
  const stream = await download("/zeros");
  await firstBytes(stream);
  expect(await engine.stop()).toBe(0);
  stream.close();
  await engine.begin();
  expect(await inside("wc -c </zeros")).toBe("50000000");
});

test("a container that is gone or going is not copied from", async () => {
  await startContainer();
  await engine.dockerOutput("rm", "-f", "cc");
  for (const args of [
    ["cp", "cc:/etc", local],
    ["export", "cc"],
    ["diff", "cc"],
  ]) {
    expect((await engine.docker(...args)).stderr).toContain("No such container: cc");
  }
});
