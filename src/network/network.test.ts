import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../test/harness/eventually.ts";
import { createId } from "../base/ids.ts";
import { listLinks, readLink } from "../kernel/netlink/link.ts";
import { NetlinkSocket } from "../kernel/netlink/socket.ts";
import { type ContainerNetwork, createNetwork, type NetworkDeps } from "./network.ts";
import type { DefaultBridge } from "./predefined.ts";
import { createHome, type Home, on } from "./testing.ts";
import type { Sandbox } from "./use.ts";

const bridgeName = `tt${process.pid}`;
const nftTable = `tare_test_${bridgeName}`;
/** No test engine has any of this range. */
const smallSubnet = `10.249.${process.pid % 250}.0/29`;
const opened: ContainerNetwork[] = [];
let home: Home;

beforeEach(() => {
  home = createHome(bridgeName);
});

async function startNetwork(
  bridge: Partial<DefaultBridge> = {},
  given: Partial<NetworkDeps> = {},
): Promise<ContainerNetwork> {
  const network = createNetwork(home.deps(bridge, given));
  opened.push(network);
  await network.start();
  return network;
}

/** Ends it as the engine does, for good. */
async function stop(network: ContainerNetwork): Promise<void> {
  opened.splice(opened.indexOf(network), 1);
  await network.stop();
}

afterEach(async () => {
  for (const network of opened.splice(0)) await network.destroy();
  home.remove();
});

function linkNames(): string[] {
  using socket = new NetlinkSocket();
  return socket.dump(listLinks).flatMap((message) => readLink(message)?.name ?? []);
}

/** Network namespaces that this process holds open. */
function openNetns(): number {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return targets.filter((target) => target.startsWith("net:")).length;
}

const tables = (): string => Bun.spawnSync(["nft", "list", "tables"]).stdout.toString();

function run(sandbox: Sandbox, ...command: string[]): { exitCode: number; output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["nsenter", `--net=${sandbox.netnsPath}`, ...command]);
  return { exitCode, output: stdout.toString() + stderr.toString() };
}

const addressOf = (sandbox: Sandbox): string => sandbox.endpoints["bridge"]?.IPAddress ?? "";

test("two namespaces of the pool reach each other and the gateway, and the engine's own is untouched", async () => {
  const before = readlinkSync("/proc/self/ns/net");
  const network = await startNetwork();
  const [one, other] = await Promise.all([
    network.acquire(createId(), on("bridge")),
    network.acquire(createId(), on("bridge")),
  ]);
  expect(addressOf(one)).not.toBe(addressOf(other));
  expect(run(one, "ping", "-c1", "-W2", addressOf(other))).toMatchObject({ exitCode: 0 });
  expect(run(one, "ping", "-c1", "-W2", network.gateway)).toMatchObject({ exitCode: 0 });
  expect(run(one, "ping", "-c1", "-W2", "127.0.0.1")).toMatchObject({ exitCode: 0 });
  const { output } = run(one, "ip", "-o", "address", "show", "eth0");
  expect(output).toContain(`inet ${addressOf(one)}/16`);
  expect(output).not.toContain("inet6");
  expect(readlinkSync("/proc/self/ns/net")).toBe(before);
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
});

test("bytes flow over TCP between two namespaces", async () => {
  const network = await startNetwork();
  const [server, client] = [
    await network.acquire(createId(), on("bridge")),
    await network.acquire(createId(), on("bridge")),
  ];
  const listener = Bun.spawn(
    [
      "nsenter",
      `--net=${server.netnsPath}`,
      process.execPath,
      "-e",
      `Bun.listen({hostname: "0.0.0.0", port: 7, socket: { data(s, d) { s.end(d); } }}); console.log("up")`,
    ],
    { stdout: "pipe" },
  );
  await listener.stdout.getReader().read();
  const script = `Bun.connect({hostname: "${addressOf(server)}", port: 7, socket: { open(s) { s.write("hello"); }, data(s, d) { console.log(String(d)); process.exit(0); } }})`;
  expect(run(client, process.execPath, "-e", script).output).toBe("hello\n");
  listener.kill();
  await listener.exited;
});

test("host and none have no address; none has loopback only", async () => {
  const network = await startNetwork();
  const host = await network.acquire(createId(), on("host"));
  expect(host.netnsPath).toBeUndefined();
  expect(host.endpoints["host"]).toMatchObject({
    IPAddress: "",
    MacAddress: "",
    NetworkID: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const none = await network.acquire(createId(), on("none"));
  expect(run(none, "ip", "-br", "link").output.trim().split("\n")).toEqual([expect.stringMatching(/^lo +UNKNOWN/)]);
  expect(Object.keys(none.endpoints)).toEqual(["none"]);
});

test("an unknown network is refused in Docker's words", async () => {
  const network = await startNetwork();
  await expect(network.acquire(createId(), on("nosuch"))).rejects.toThrow("network nosuch not found");
});

test("a released address rests, and an adopted one is not given again", async () => {
  const warm = { least: 0, most: 1 };
  const first = await startNetwork({ subnet: smallSubnet }, { warm });
  const ids = Array.from({ length: 3 }, () => createId());
  const [one, other] = [await first.acquire(ids[0]!, on("bridge")), await first.acquire(ids[1]!, on("bridge"))];
  first.release(ids[0]!);
  first.release(ids[0]!);
  expect(addressOf(await first.acquire(ids[2]!, on("bridge")))).not.toBe(addressOf(one));
  await stop(first);
  const second = createNetwork(home.deps({ subnet: smallSubnet }, { warm }));
  opened.push(second);
  second.adopt(ids[1]!, { request: on("bridge"), ...other });
  await second.start();
  const taken = await Promise.all(Array.from({ length: 4 }, () => second.acquire(createId(), on("bridge"))));
  expect(taken.map(addressOf)).not.toContain(addressOf(other));
});

test("a full subnet is told to the one who asks, and works again after a release", async () => {
  const network = await startNetwork({ subnet: smallSubnet }, { warm: { least: 1, most: 1 } });
  const ids = Array.from({ length: 5 }, () => createId());
  for (const id of ids) await network.acquire(id, on("bridge"));
  const refusal = await network.acquire(createId(), on("bridge")).catch((error: unknown) => String(error));
  expect(refusal).toContain("no available IPv4 addresses");
  network.release(ids[2]!);
  const again = await network.acquire(createId(), on("bridge"));
  expect(run(again, "ping", "-c1", "-W2", network.gateway)).toMatchObject({ exitCode: 0 });
});

test("a clean stop with nobody on the bridge leaves no link, table or descriptor", async () => {
  const before = openNetns();
  const network = await startNetwork();
  const ids = Array.from({ length: 6 }, () => createId());
  await Promise.all(ids.map((id) => network.acquire(id, on("bridge"))));
  expect(linkNames()).toContain(bridgeName);
  expect(tables()).toContain(nftTable);
  const links = [bridgeName, ...readdirSync(`/sys/class/net/${bridgeName}/brif`)];
  expect(links.length).toBeGreaterThan(ids.length);
  for (const id of ids) network.release(id);
  await stop(network);
  expect(linkNames().filter((name) => links.includes(name))).toEqual([]);
  expect(tables()).not.toContain(nftTable);
  expect(openNetns()).toBe(before);
});

test("with a container on the bridge it outlives the engine, and the next engine finds it again", async () => {
  const first = await startNetwork();
  const id = createId();
  const sandbox = await first.acquire(id, on("bridge"));
  const container = Bun.spawn(["nsenter", `--net=${sandbox.netnsPath}`, "sh", "-c", "echo up; exec sleep 60"], {
    stdout: "pipe",
  });
  await container.stdout.getReader().read();
  first.handedOver(id, container.pid);
  await stop(first);
  expect(linkNames()).toContain(bridgeName);
  const second = createNetwork(home.deps());
  opened.push(second);
  second.adopt(id, { request: on("bridge"), ...sandbox });
  second.handedOver(id, container.pid);
  await second.start();
  expect(second.gateway).toBe(first.gateway);
  const other = await second.acquire(createId(), on("bridge"));
  expect(addressOf(other)).not.toBe(addressOf(sandbox));
  expect(run(other, "ping", "-c1", "-W2", addressOf(sandbox))).toMatchObject({ exitCode: 0 });
  container.kill(9);
  await container.exited;
});

/** Runs `script` until it prints a line, then ends it as a power cut would. Its files go with it. */
async function runAndKill(script: string): Promise<void> {
  const TMPDIR = mkdtempSync(join(tmpdir(), "tare-killed-"));
  const engine = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", env: { ...Bun.env, TMPDIR } });
  await engine.stdout.getReader().read();
  engine.kill(9);
  await engine.exited;
  rmSync(TMPDIR, { recursive: true });
}

test("when the engine is killed, its warm namespaces and their links vanish by themselves", async () => {
  await runAndKill(`
    import { createNetwork } from ${JSON.stringify(join(import.meta.dir, "network.ts"))};
    import { createHome, on } from ${JSON.stringify(join(import.meta.dir, "testing.ts"))};
    const home = createHome(${JSON.stringify(bridgeName)});
    const network = createNetwork(home.deps());
    await network.start();
    await network.acquire("x", on("bridge"));
    console.log("ready");
    setInterval(() => undefined, 1000);
  `);
  const portsOf = (): number => {
    using socket = new NetlinkSocket();
    const links = socket.dump(listLinks).flatMap((message) => readLink(message) ?? []);
    const bridge = links.find(({ name }) => name === bridgeName);
    expect(bridge).toBeDefined();
    return links.filter(({ master }) => master === bridge?.index).length;
  };
  await eventually(async () => portsOf() === 0);
  const next = await startNetwork();
  expect(run(await next.acquire(createId(), on("bridge")), "ping", "-c1", "-W2", next.gateway)).toMatchObject({
    exitCode: 0,
  });
});
