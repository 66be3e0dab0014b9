/**
 * SECURITY row 20, what neighbours on the same wire reach (moby#22054, moby#45610, CVE-2025-54388): published ports past the firewall, ports that
 * were published on loopback, and everything else of a container by its own address, which a neighbour can route to. The engine has a machine
 * of its own here, with a neighbour that knows the way.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Place, ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";

const HERE = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" };
const SERVE = "mkdir /www && echo served >/www/index.html && exec httpd -f -p 80 -h /www";

let host: ScratchHost;
let neighbour: Place;
let engine: TestEngine;

/** Each serves port 80: published for all, for the host alone, and not at all. */
const addresses: Record<string, { readonly ipv4: string; readonly ipv6: string }> = {};

beforeAll(async () => {
  host = new ScratchHost();
  neighbour = await host.neighbour(`${HERE.ipv4}/24`, "192.0.2.9/24");
  host.run("ip", "address", "add", `${HERE.ipv6}/64`, "dev", `n${neighbour.pid}`, "nodad");
  neighbour.run("ip", "address", "add", "2001:db8::9/64", "dev", "eth0", "nodad");
  neighbour.run("ip", "route", "add", "default", "via", HERE.ipv4);
  neighbour.run("ip", "-6", "route", "add", "default", "via", HERE.ipv6);
  // Whatever the machine's kernel is told to accept.
  host.sysctl("net.ipv4.conf.all.route_localnet=1");
  neighbour.aimAtLoopback(HERE.ipv4);
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  await engine.dockerOutput("network", "create", "--ipv6", "--subnet", "fd20::/64", "both");
  await start("open", "-p", "8080:80");
  await start("local", "-p", "127.0.0.1:8081:80", "-p", "[::1]:8081:80");
  await start("closed");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  host[Symbol.dispose]();
});

async function start(name: string, ...flags: readonly string[]): Promise<void> {
  await engine.dockerOutput("run", "-d", "--name", name, "--network", "both", ...flags, "busybox", "sh", "-c", SERVE);
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}";
  const [ipv4 = "", ipv6 = ""] = (await engine.dockerOutput("inspect", "-f", format, name)).split(" ");
  addresses[name] = { ipv4, ipv6 };
  await eventually(async () => reached(host, ipv4, 80));
}

async function reached(from: Place, address: string, port: number): Promise<boolean> {
  const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}/`;
  const client = Bun.spawn(from.argv(["curl", "-s", "--max-time", "1", url]), { stdout: "pipe" });
  return (await client.stdout.text()) === "served\n";
}

const OWN = (): string[] => Object.values(addresses).flatMap(({ ipv4, ipv6 }) => [`${ipv4} 80`, `${ipv6} 80`]);

/** Everything that somebody gets an answer from. */
async function reachedBy(from: Place): Promise<string[]> {
  const doors = [HERE.ipv4, HERE.ipv6, "127.0.0.1", "::1"].flatMap((address) => [`${address} 8080`, `${address} 8081`]);
  const tried = await Promise.all(
    [...OWN(), ...doors].map(async (target) => {
      const [address = "", port = ""] = target.split(" ");
      return (await reached(from, address, Number(port))) ? [target] : [];
    }),
  );
  return tried.flat();
}

/** Who aims at the host's loopback gets no more there than by the address that is meant for all. */
const PUBLISHED = [`${HERE.ipv4} 8080`, `${HERE.ipv6} 8080`, "127.0.0.1 8080"];

test("the host reaches all of it, so nothing of what follows is for want of a server", async () => {
  const loopback = ["127.0.0.1 8081", "::1 8080", "::1 8081"];
  expect((await reachedBy(host)).sort()).toEqual([...OWN(), ...PUBLISHED, ...loopback].sort());
});

test("a neighbour reaches the published port, and nothing else", async () => {
  expect(await reachedBy(neighbour)).toEqual(PUBLISHED);
});

test("and nothing more after the ruleset of the machine was flushed", async () => {
  host.run("nft", "flush ruleset");
  await eventually(async () => engine.log.includes("firewall.restored"));
  expect(await reachedBy(neighbour)).toEqual(PUBLISHED);
});

test("nor while the engine is gone, nor when it is back", async () => {
  await engine.kill();
  expect(await reachedBy(neighbour)).toEqual(PUBLISHED);
  await engine.begin();
  expect(await reachedBy(neighbour)).toEqual(PUBLISHED);
});

test("a container of another network reaches what the neighbour does", async () => {
  const targets = Object.values(addresses).map(({ ipv4 }) => `http://${ipv4}:80/`);
  const script = targets.map((url) => `timeout 1 wget -qO- ${url}; `).join("");
  const from = (url: string): Promise<string> =>
    engine.dockerOutput("run", "--rm", "busybox", "sh", "-c", `${script} timeout 5 wget -qO- ${url}`);
  expect(await from(`http://${HERE.ipv4}:8080/`)).toBe("served");
});
