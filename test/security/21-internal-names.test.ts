/**
 * SECURITY row 21, an internal network that leaks what it looks for (CVE-2024-29018): the resolver of the engine stands in the host's namespace
 * with all its ways, so it must not ask there for those who have none. The engine has a machine of its own here, whose DNS servers are ours.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { DnsHost } from "../harness/dns-host.ts";
import { parseAnswer, type TypeName, toQuery } from "../harness/dns-message.ts";
import type { TestNetns } from "../harness/netns.ts";

const OUTSIDE = "192.0.2.1";
const TYPES: readonly TypeName[] = ["A", "AAAA", "TXT", "MX", "SRV", "PTR", "ANY"];

let machine: DnsHost;

beforeAll(async () => {
  const servers = ["127.0.0.53", OUTSIDE];
  machine = await DnsHost.start(
    {
      servers,
      resolvConf: servers.map((server) => `nameserver ${server}\n`).join(""),
      reply: () => ({ addresses: ["192.0.2.80"] }),
    },
    (host) => host.bridge("outside", `${OUTSIDE}/24`),
  );
  await machine.engine.dockerOutput("network", "create", "--internal", "vault");
  await machine.engine.dockerOutput("network", "create", "open");
});
afterAll(() => machine[Symbol.asyncDispose]());
beforeEach(() => {
  machine.asked = [];
});

async function start(name: string, ...flags: readonly string[]): Promise<TestNetns> {
  await machine.start(name, ...flags);
  return machine.inside(name);
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
  expect(new Set(machine.asked).size).toBe(TYPES.length);
});

test("from an internal network nothing is asked, by any type or protocol, also not for what others have just been told", async () => {
  using from = await start("shut", "--network", "vault");
  expect(new Set(await lookUp(from))).toEqual(new Set([2]));
  expect(machine.asked).toEqual([]);
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
  expect(machine.asked).toEqual([]);
});

test("it ends with the first connection to another network, and begins again with the last", async () => {
  using from = await start("mover", "--network", "vault");
  await machine.engine.dockerOutput("network", "connect", "open", "mover");
  expect(new Set(await lookUp(from))).toEqual(new Set([0]));
  await machine.engine.dockerOutput("network", "disconnect", "open", "mover");
  machine.asked = [];
  expect(new Set(await lookUp(from))).toEqual(new Set([2]));
  expect(machine.asked).toEqual([]);
});

test("the next engine does not forget it", async () => {
  using from = await start("kept", "--network", "vault");
  await machine.engine.restart();
  expect(new Set(await lookUp(from))).toEqual(new Set([2]));
  expect(machine.asked).toEqual([]);
});
