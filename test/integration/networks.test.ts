/** User-defined networks of a whole engine, on a machine that has nothing else: they survive engines, and the machine's restart. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";

const SLEEP = ["busybox", "sleep", "1000"];

let host: ScratchHost;
let engine: TestEngine;

beforeAll(async () => {
  host = new ScratchHost();
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  host[Symbol.dispose]();
});
afterEach(async () => {
  const ids = await docker("ps", "-aq");
  if (ids !== "") await docker("rm", "-f", ...ids.split("\n"));
  await docker("network", "prune", "-f");
});

const docker = (...args: readonly string[]): Promise<string> => engine.dockerOutput(...args);

async function addressesOf(name: string): Promise<Record<string, string[]>> {
  const format = "{{json .NetworkSettings.Networks}}";
  const networks: Record<string, { IPAddress: string; GlobalIPv6Address: string; MacAddress: string }> = JSON.parse(
    await docker("inspect", "-f", format, name),
  );
  return Object.fromEntries(
    Object.entries(networks).map(([network, { IPAddress, GlobalIPv6Address, MacAddress }]) => [
      network,
      [IPAddress, GlobalIPv6Address, MacAddress],
    ]),
  );
}

const reaches = async (from: string, to: string): Promise<boolean> =>
  (await engine.docker("exec", from, "ping", "-c1", "-W1", to)).exitCode === 0;
const interfacesOf = async (name: string): Promise<string[]> =>
  (await docker("exec", name, "ip", "-o", "link")).match(/eth\d+(?=[@:])/g)?.map(String) ?? [];

test("networks, addresses and connections survive engines and starts of containers", async () => {
  await docker("network", "create", "--subnet", "10.71.0.0/24", "--subnet", "fd71::/64", "--ipv6", "front");
  await docker("network", "create", "--internal", "back");
  const settled = ["--network", "name=front,ip=10.71.0.77,ip6=fd71::77", "--network", "back"];
  await docker("run", "-d", "--name", "web", ...settled, ...SLEEP);
  await docker("run", "-d", "--name", "client", "--network", "front", ...SLEEP);
  const networks = await docker("network", "inspect", "front", "back");
  const addresses = await addressesOf("web");
  expect(addresses["front"]?.slice(0, 2)).toEqual(["10.71.0.77", "fd71::77"]);
  await engine.kill();
  await engine.begin();
  expect(await docker("network", "inspect", "front", "back")).toBe(networks);
  expect(await addressesOf("web")).toEqual(addresses);
  await docker("restart", "-t", "0", "web");
  expect((await addressesOf("web"))["front"]).toEqual(addresses["front"] ?? []);
  for (const to of ["10.71.0.77", "fd71::77", "web"]) expect(await reaches("client", to)).toBe(true);
  const taken = await engine.docker("run", "--rm", "--network", "front", "--ip", "10.71.0.77", ...SLEEP);
  expect(taken.stderr).toContain("Address already in use");
  await engine.restart();
  await docker("network", "disconnect", "front", "web");
  expect(await interfacesOf("web")).toEqual(["eth1"]);
  expect(await reaches("client", "10.71.0.77")).toBe(false);
  await docker("network", "connect", "--ip", "10.71.0.78", "front", "web");
  expect(await reaches("client", "web")).toBe(true);
});

test("after the machine went down, networks are as they were and containers have their addresses again", async () => {
  await docker("network", "create", "--subnet", "10.72.0.0/24", "front");
  const back = await docker("network", "create", "back");
  const fixed = ["--network", "name=front,ip=10.72.0.9,alias=www", "--network", "back", "-p", "8072:80"];
  await docker("run", "-d", "--name", "web", "--restart", "always", ...fixed, ...SLEEP);
  await docker("run", "-d", "--name", "client", "--restart", "always", "--network", "front", ...SLEEP);
  const networks = await docker("network", "inspect", "-f", "{{json .IPAM}}", "front", "back");
  const pids = await docker("inspect", "-f", "{{.State.Pid}}", "web", "client");
  await engine.kill();
  for (const pid of pids.split("\n")) process.kill(Number(pid), "SIGKILL");
  for (const name of readdirSync("/proc/self/net/dev_snmp6")) {
    if (/^(br-|tare|veth)/.test(name)) Bun.spawnSync(["ip", "link", "delete", name]);
  }
  host.run("nft", "flush ruleset");
  await engine.begin();
  expect(await docker("network", "inspect", "-f", "{{json .IPAM}}", "front", "back")).toBe(networks);
  await eventually(async () => (await docker("ps", "-q", "--filter", "status=running")).split("\n").length === 2);
  expect((await addressesOf("web"))["front"]?.[0]).toBe("10.72.0.9");
  await eventually(() => reaches("client", "www"));
  expect(await docker("network", "inspect", "-f", "{{len .Containers}}", back)).toBe("1");
});

test("networks are pruned when nobody is on them, and leave nothing on the machine", async () => {
  for (const name of ["one", "two", "three"]) {
    await docker("network", "create", "--label", "set=x", name);
    await docker("run", "-d", "--name", `on-${name}`, "--network", name, ...SLEEP);
  }
  const refused = await engine.docker("network", "rm", "one", "two");
  expect(refused.stderr).toContain("has active endpoints");
  expect(refused.stderr.split("\n").filter((line) => line.includes("active"))).toHaveLength(2);
  expect(await docker("network", "prune", "-f")).toBe("");
  await docker("rm", "-f", "on-one", "on-two", "on-three");
  const pruned = await docker("network", "prune", "-f", "--filter", "label=set=x");
  expect(pruned.trim().split("\n").sort()).toEqual(["Deleted Networks:", "one", "three", "two"]);
  expect(engine.residue().filter((line) => line.startsWith("link br-"))).toEqual([]);
});
