/**
 * SECURITY row 19, an engine that the network reaches (CVE-2025-9074, CVE-2021-4024): Docker Desktop's API answered containers on an address of
 * their gateway, and dockerd still listens on plain TCP when it is told to. The machine of this test has nothing on it but the engine.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { TARE, TestEngine } from "../harness/engine.ts";
import { run } from "../harness/process.ts";
import { makeImage } from "./hostile-image.ts";

let host: ScratchHost;
let engine: TestEngine;

beforeAll(async () => {
  host = new ScratchHost();
  engine = await TestEngine.start();
  await makeImage(engine, { name: "scanner", exploits: { "/scan": "scan" } });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  host[Symbol.dispose]();
});

const gateway = (network: string): Promise<string> =>
  engine.dockerOutput("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", network);

test("a container finds no open port on its gateway, nor on any other address of the host", async () => {
  await engine.dockerOutput("network", "create", "side");
  // Names are resolved and ports relayed on that network, so every helper of the engine runs.
  await engine.dockerOutput(
    "run",
    "-d",
    "--name",
    "served",
    "--network",
    "side",
    "-p",
    "8080:80",
    "scanner",
    "sleep",
    "1000",
  );
  const [own, other] = [await gateway("bridge"), await gateway("side")];
  const scan = async (network: string, ...addresses: readonly string[]): Promise<string[]> => {
    const said = await engine.dockerOutput("run", "--rm", "--network", network, "scanner", "/scan", ...addresses);
    return said.split("\n");
  };
  // The published port leads to a container where nobody listens; the host itself finds the relay behind it.
  expect(await scan("bridge", own, other)).toEqual(["done"]);
  expect(await scan("side", other)).toEqual(["done"]);
  expect((await scan("host", "127.0.0.1")).filter((line) => !line.includes(":8080 "))).toEqual(["done"]);
});

test("no process of the engine but the relay listens on the network", () => {
  const listening = ["tcp", "tcp6", "udp", "udp6"].flatMap((name) =>
    readFileSync(`/proc/${engine.pid}/net/${name}`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/)[9] ?? ""),
  );
  const own = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandOf(pid).includes(engine.dir) && !commandOf(pid).includes("tare-relay"));
  expect(own.map(commandOf).filter((command) => command.includes("tare-monitor"))).not.toEqual([]);
  expect(own.flatMap(socketsOf).filter((inode) => listening.includes(inode))).toEqual([]);
});

test.each([["tcp://127.0.0.1:2375"], ["tcp://0.0.0.0:0"]])(
  "an engine that is told to listen on %s does not start",
  async (address) => {
    const dir = join(engine.dir, "other");
    const { exitCode, stderr } = await run([...TARE, "engine", "--root", dir, "--run", dir, "--host", address]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("TCP needs TLS client certificates");
  },
);

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function socketsOf(pid: string): string[] {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
  } catch {
    return [];
  }
}
