/**
 * SECURITY row 21, an internal network that leaks what it looks for (CVE-2024-29018): the resolver of the engine stands in the host's namespace
 * with all its ways, so it must not ask there for those who have none. The engine has a machine of its own here, whose DNS servers are ours.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { parseAnswer, questionName, type TypeName, toQuery, toReply } from "../harness/dns-message.ts";
import { TARE, TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { TestNetns } from "../harness/netns.ts";

const OUTSIDE = "192.0.2.1";
const SLEEP = ["busybox", "sleep", "1000"];
const TYPES: readonly TypeName[] = ["A", "AAAA", "TXT", "MX", "SRV", "PTR", "ANY"];

let host: ScratchHost;
let upstream: TestNetns;
let engine: TestEngine;
let dir: string;
/** What any server of the host was asked for. */
let leaked: string[];

beforeAll(async () => {
  host = new ScratchHost();
  host.bridge("outside", `${OUTSIDE}/24`);
  upstream = new TestNetns(process.pid);
  for (const address of ["127.0.0.53", OUTSIDE]) {
    await upstream.serve(address, (query) => {
      leaked.push(questionName(query));
      return [toReply(query, { addresses: ["192.0.2.80"] })];
    });
  }
  dir = mkdtempSync(join(tmpdir(), "tare-21-"));
  writeFileSync(join(dir, "resolv.conf"), `nameserver 127.0.0.53\nnameserver ${OUTSIDE}\n`);
  const mounted = `mount --bind ${dir}/resolv.conf /etc/resolv.conf && exec "$@"`;
  engine = await TestEngine.start({ program: ["unshare", "-m", "sh", "-c", mounted, "sh", ...TARE] });
  await ensureBusybox(engine.dockerEnv());
  await engine.dockerOutput("network", "create", "--internal", "vault");
  await engine.dockerOutput("network", "create", "open");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  upstream[Symbol.dispose]();
  host[Symbol.dispose]();
  rmSync(dir, { recursive: true });
});
beforeEach(() => {
  leaked = [];
});

async function start(name: string, ...flags: readonly string[]): Promise<TestNetns> {
  await engine.dockerOutput("run", "-d", "--name", name, ...flags, ...SLEEP);
  return new TestNetns(Number(await engine.dockerOutput("inspect", "-f", "{{.State.Pid}}", name)));
}

/** Every way to ask for a secret. */
async function lookUp(from: TestNetns): Promise<number[]> {
  const queries = TYPES.map((type, id) => toQuery({ name: `secret${id}.${type.toLowerCase()}.example`, type, id }));
  const answers = [...(await Promise.all(queries.map((query) => from.ask(query)))), ...(await from.askByTcp(queries))];
  return answers.map((answer) => parseAnswer(answer).rcode);
}

test("a container with a way out is answered by the host's servers, so that what follows is not for want of them", async () => {
  using from = await start("open", "--network", "open");
  expect(new Set(await lookUp(from))).toEqual(new Set([0]));
  expect(new Set(leaked).size).toBe(TYPES.length);
});

test("from an internal network nothing is asked, by any type or protocol, also not for what others have just been told", async () => {
  using from = await start("shut", "--network", "vault");
  expect(new Set(await lookUp(from))).toEqual(new Set([2]));
  expect(leaked).toEqual([]);
  expect(parseAnswer(await from.ask(toQuery({ name: "shut" }))).answers.length).toBe(1);
});

test("servers of the container's own choice are asked from the internal network, which leads nowhere", async () => {
  using from = await start(
    "chosen",
    "--network",
    "vault",
    "--dns",
    OUTSIDE,
    "--dns",
    "127.0.0.53",
    "--dns",
    "127.0.0.11",
  );
  expect(new Set(await lookUp(from))).toEqual(new Set([2]));
  expect(leaked).toEqual([]);
});

test("it ends with the first connection to another network, and begins again with the last", async () => {
  using from = await start("mover", "--network", "vault");
  await engine.dockerOutput("network", "connect", "open", "mover");
  expect(new Set(await lookUp(from))).toEqual(new Set([0]));
  await engine.dockerOutput("network", "disconnect", "open", "mover");
  leaked = [];
  expect(new Set(await lookUp(from))).toEqual(new Set([2]));
  expect(leaked).toEqual([]);
});

test("the next engine does not forget it", async () => {
  using from = await start("kept", "--network", "vault");
  await engine.restart();
  expect(new Set(await lookUp(from))).toEqual(new Set([2]));
  expect(leaked).toEqual([]);
});
