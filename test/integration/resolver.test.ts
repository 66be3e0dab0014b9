/** The engine's side of the resolver, with a real process: it outlives engines, is found again, and replaced when it dies. */
import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createId } from "../../src/base/ids.ts";
import { createLogger, nullLogger } from "../../src/base/log.ts";
import { createResolver } from "../../src/network/dns/resolver.ts";
import type { Resolver, ServedSandbox } from "../../src/network/dns/types.ts";
import { parseAnswer, toQuery, toReply } from "../harness/dns-message.ts";
import { eventually } from "../harness/eventually.ts";
import { TestNetns } from "../harness/netns.ts";

const NATIVE = resolve(import.meta.dir, "../../native");
const PROGRAM = join(NATIVE, "build/tare-resolver");

let root: string;
let web: TestNetns;
let log: string[];
const id = createId();

beforeAll(async () => {
  expect(await Bun.spawn([join(NATIVE, "build.sh")], { stdio: ["ignore", "inherit", "inherit"] }).exited).toBe(0);
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tare-dns-"));
  web = new TestNetns();
  log = [];
});
afterEach(async () => {
  await engine().start(); // Ends the process of a test that has left it.
  web[Symbol.dispose]();
  expect(processes()).toEqual([]);
  rmSync(root, { recursive: true });
});

const dir = (): string => join(root, "resolver");
const engine = (): Resolver =>
  createResolver({ program: { path: PROGRAM, dir: dir() }, log: createLogger((line) => log.push(line)) });

/** Pids of the resolver and its opener. */
const processes = (): number[] =>
  readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(dir()) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });

/** A process in the namespace. */
async function startContainer(): Promise<Bun.Subprocess<"ignore", "pipe", "inherit">> {
  const container = Bun.spawn(["nsenter", `--net=${web.path}`, "sh", "-c", "echo there; exec sleep 600"], {
    stdout: "pipe",
  });
  await container.stdout.getReader().read();
  return container;
}

const sandbox = (change: Partial<ServedSandbox> = {}): ServedSandbox => ({
  id,
  netnsPath: web.path,
  networks: [{ id: "n1", name: "front", links: {} }],
  upstreams: [],
  forward: true,
  ndots: false,
  ...change,
});
const record = { endpointId: "e1", networkId: "n1", addresses: ["10.0.0.1"], names: ["web", "with space", "a,b", ""] };
const ask = async (name: string): Promise<string[]> =>
  parseAnswer(await web.ask(toQuery({ name }))).answers.map(({ data }) => data);

test("what was put before resolves when a sandbox is served, and no longer when it is dropped", async () => {
  const resolver = engine();
  resolver.put(record);
  await resolver.serve(sandbox());
  expect(await ask("web")).toEqual(["10.0.0.1"]);
  resolver.drop("e1");
  // Requests are answered in order; queries come by another way.
  await resolver.serve(sandbox());
  expect(await ask("web")).toEqual([]);
  resolver.forget(id);
  await resolver.stop();
  expect(log).toEqual([]);
});

test("a second call changes the settings and keeps the sockets", async () => {
  const resolver = engine();
  resolver.put(record);
  await resolver.serve(sandbox());
  await resolver.serve(sandbox({ networks: [{ id: "n1", name: "renamed", links: { db: "web" } }] }));
  expect(await ask("web.renamed")).toEqual(["10.0.0.1"]);
  expect(await ask("db")).toEqual(["10.0.0.1"]);
  expect(await ask("web.front")).toEqual([]);
  resolver.forget(id);
  await resolver.stop();
});

test("a namespace that cannot be entered is an error, and the next one is served", async () => {
  const resolver = engine();
  await expect(resolver.serve(sandbox({ netnsPath: "/proc/self/ns/pid" }))).rejects.toThrow("Invalid argument");
  await expect(resolver.serve(sandbox({ netnsPath: "/nowhere" }))).rejects.toThrow("No such file");
  resolver.put(record);
  await resolver.serve(sandbox());
  expect(await ask("web")).toEqual(["10.0.0.1"]);
  resolver.forget(id);
  await resolver.stop();
});

test("on internal networks the host's servers are not told", async () => {
  const asked: string[] = [];
  await web.serve("127.0.0.9", (query) => {
    asked.push("own");
    return [toReply(query, { addresses: ["192.0.2.1"] })];
  });
  const upstreams = [
    { address: "127.0.0.8", fromHost: true },
    { address: "127.0.0.9", fromHost: false },
  ];
  const resolver = engine();
  await resolver.serve(sandbox({ upstreams, forward: false }));
  expect(await ask("a.test")).toEqual(["192.0.2.1"]);
  expect(asked).toEqual(["own"]);
  resolver.forget(id);
  await resolver.stop();
});

test("the process goes on without an engine, and the next engine brings it in line", async () => {
  const first = engine();
  first.put(record);
  first.put({ ...record, endpointId: "e2", names: ["old"] });
  await first.serve(sandbox());
  await using container = await startContainer();
  first.hold(id, container.pid);
  const [pid] = processes();
  await first.stop();
  expect(await ask("web")).toEqual(["10.0.0.1"]);

  const second = engine();
  second.put({ ...record, names: ["web", "new"] });
  const served = second.serve(sandbox({ netnsPath: web.path }));
  await second.start();
  await served;
  expect(processes()[0]).toBe(pid);
  expect([await ask("new"), await ask("old")]).toEqual([["10.0.0.1"], []]);
  second.forget(id);
  await second.stop();
});

test("a process that dies is replaced, and nobody notices for long", async () => {
  await using container = await startContainer();
  const resolver = engine();
  resolver.put(record);
  await resolver.serve(sandbox());
  resolver.hold(id, container.pid);
  process.kill(processes()[0] ?? 0, "SIGKILL");
  const answer = parseAnswer(await web.ask(toQuery({ name: "web" }), "127.0.0.11", 50));
  expect(answer.answers).toMatchObject([{ data: "10.0.0.1" }]);
  resolver.forget(id);
  await resolver.stop();
});

test("the end of the container's process is the end of its service, without an engine the end of it all", async () => {
  await using container = await startContainer();
  const resolver = engine();
  await resolver.serve(sandbox());
  resolver.hold(id, container.pid);
  await resolver.stop();
  expect(processes().length).toBe(2);
  container.kill();
  await eventually(async () => processes().length === 0);
});

test("one of another build is replaced", async () => {
  const copy = join(root, "copy");
  copyFileSync(PROGRAM, copy);
  const other = createResolver({ program: { path: copy, dir: dir() }, log: nullLogger });
  await other.serve(sandbox());
  await using container = await startContainer();
  other.hold(id, container.pid);
  const [pid] = processes();
  await other.stop();
  const resolver = engine();
  resolver.put(record);
  await resolver.serve(sandbox());
  expect(processes()).not.toContain(pid);
  expect(await ask("web")).toEqual(["10.0.0.1"]);
  resolver.forget(id);
  await resolver.stop();
});

test("without anybody to serve nothing is started, and nothing left", async () => {
  const resolver = engine();
  resolver.put(record);
  await resolver.start();
  expect(processes()).toEqual([]);
  await resolver.serve(sandbox());
  expect(processes().length).toBe(2);
  expect(statSync(dir()).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir(), "control.sock")).mode & 0o777).toBe(0o600);
  resolver.forget(id);
  await resolver.stop();
  expect(processes()).toEqual([]);
});

test("who reads packets has no power, and who has power reads none", async () => {
  const resolver = engine();
  await resolver.serve(sandbox());
  const [reader, opener] = processes().map((pid) => readFileSync(`/proc/${pid}/status`, "utf8"));
  expect(reader).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
  expect(reader).toMatch(/^CapPrm:\t0{16}$/m);
  expect(reader).toMatch(/^NoNewPrivs:\t1$/m);
  expect(opener).toMatch(/^Name:\ttare-opener$/m);
  resolver.forget(id);
  await resolver.stop();
});
