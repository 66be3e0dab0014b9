/**
 * Real programs work together: nginx before two servers of pages that count their visitors in redis, and postgres, on two networks and
 * from outside, over IPv4 and IPv6. What they have written outlives their containers, and neither they nor who talks to them notice
 * that engines come and go. The engine has a machine of its own here, with a neighbour.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Place, ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { debianRoot, ensureDebian, NGINX, POSTGRES, REDIS } from "../harness/debian-image.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";

const IMAGES = [NGINX, REDIS, POSTGRES];
const SETUP_TIMEOUT_MS = 240_000;
const HERE = { ipv4: "192.0.2.1", ipv6: "[2001:db8::1]" };
const THERE = { ipv4: "192.0.2.9", ipv6: "[2001:db8::9]" };

/** Looks the servers up anew with every request: their addresses change. */
const NGINX_CONF = `
events {}
error_log /dev/stderr;
http {
  access_log /dev/stdout;
  resolver 127.0.0.11 valid=1s;
  server {
    listen 80;
    listen [::]:80;
    location / { set $app app; proxy_pass http://$app:8080/cgi-bin/hits; }
  }
}
`;
const HITS = `#!/bin/sh
count=$(printf 'INCR hits\\r\\nQUIT\\r\\n' | nc cache 6379 | sed -n 's/^:\\([0-9]*\\).*/\\1/p')
printf '\\n%s %s\\n' "$(hostname)" "$count"
`;

let host: ScratchHost;
let neighbour: Place;
let engine: TestEngine;
let dir: string;

beforeAll(async () => {
  await Promise.all(IMAGES.map(debianRoot)); // While the mirror can be reached.
  host = new ScratchHost();
  neighbour = await host.neighbour(`${HERE.ipv4}/24`, `${THERE.ipv4}/24`);
  host.run("ip", "address", "add", "2001:db8::1/64", "dev", `n${neighbour.pid}`, "nodad");
  neighbour.run("ip", "address", "add", "2001:db8::9/64", "dev", "eth0", "nodad");
  await neighbour.serve("tcp:7777");
  dir = mkdtempSync("/var/tmp/tare-programs-");
  writeFileSync(join(dir, "nginx.conf"), NGINX_CONF);
  writeFileSync(join(dir, "hits"), HITS, { mode: 0o755 });
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  for (const image of IMAGES) await ensureDebian(engine.dockerEnv(), image);
  await engine.dockerOutput("network", "create", "--ipv6", "front");
  await engine.dockerOutput("network", "create", "--internal", "back");
  await engine.dockerOutput("network", "create", "doors");
  await Promise.all([startCache(), startDatabase(), startApp("app1"), startApp("app2"), startProxy()]);
}, SETUP_TIMEOUT_MS);
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  host[Symbol.dispose]();
  rmSync(dir, { recursive: true });
});
beforeEach(async () => {
  await Promise.all(["redis", "postgres"].map(isHealthy));
});

const start = (name: string, image: string, flags: string, ...command: readonly string[]): Promise<string> =>
  engine.dockerOutput("run", "-d", "--name", name, ...flags.trim().split(/\s+/), image, ...command);

const startCache = (): Promise<string> => start("redis", "redis", "--network name=back,alias=cache -v hits:/data");
/** On the internal network, and on one more for the sake of its port. */
const startDatabase = (): Promise<string> =>
  start(
    "postgres",
    "postgres",
    `--network name=back,alias=db --network doors -v rows:/var/lib/postgresql
      -p 127.0.0.1:5432:5432 -p [::1]:5432:5432`,
  );
const startApp = (name: string): Promise<string> => {
  const flags = `--hostname ${name} --network name=back,alias=app -v ${dir}/hits:/www/cgi-bin/hits:ro`;
  return start(name, "busybox", flags, "httpd", "-f", "-p", "8080", "-h", "/www");
};
const startProxy = (): Promise<string> =>
  start(
    "proxy",
    "nginx",
    `--network name=front,alias=www --network back -v ${dir}/nginx.conf:/etc/nginx/nginx.conf:ro
      -p 0.0.0.0:8080:80 -p 127.0.0.1:8081:80 -p [::1]:8082:80 -p [::]:8083:80`,
  );

async function isHealthy(name: string): Promise<void> {
  await eventually(async () => {
    const state = await engine.dockerOutput("inspect", "-f", "{{.State.Status}} {{.State.Health.Status}}", name);
    if (!state.startsWith("running")) throw new Error((await engine.docker("logs", name)).stderr);
    return state === "running healthy";
  });
}

async function fetched(from: Place, url: string): Promise<string> {
  const client = Bun.spawn(from.argv(["curl", "-sg", "--max-time", "2", url]), { stdout: "pipe" });
  return client.stdout.text();
}

/** In a new container. */
const inside = (network: string, image: string, ...command: readonly string[]): Promise<string> =>
  engine.dockerOutput("run", "--rm", "--network", network, image, ...command);
const psql = (network: string, server: string, sql: string): Promise<string> =>
  inside(network, "postgres", "psql", "-qAt", "-h", server, "-c", sql);
const redis = (...command: readonly string[]): Promise<string> =>
  inside("back", "redis", "redis-cli", "-h", "cache", ...command);

const PAGE = /^app[12] \d+\n$/;

test("the proxy is reached by every address that it was published on, and by those alone", async () => {
  const urls = [
    ...[8080, 8081, 8082, 8083].flatMap((port) => [`http://127.0.0.1:${port}/`, `http://[::1]:${port}/`]),
    ...[8080, 8081, 8082, 8083].flatMap((port) => [`http://${HERE.ipv4}:${port}/`, `http://${HERE.ipv6}:${port}/`]),
  ];
  await eventually(async () => PAGE.test(await fetched(host, "http://127.0.0.1:8080/")));
  const reachedBy = async (place: Place): Promise<string[]> => {
    const pages = await Promise.all(urls.map((url) => fetched(place, url)));
    return urls.filter((_, at) => PAGE.test(pages[at] ?? ""));
  };
  const everywhere = [`http://${HERE.ipv4}:8080/`, `http://${HERE.ipv6}:8083/`];
  const loopback = ["http://127.0.0.1:8080/", "http://127.0.0.1:8081/", "http://[::1]:8082/", "http://[::1]:8083/"];
  expect(await reachedBy(host)).toEqual([...loopback, ...everywhere]);
  expect(await reachedBy(neighbour)).toEqual(everywhere);
  expect(await inside("front", "busybox", "wget", "-qO-", "http://www/")).toMatch(/^app[12] \d+$/);
});

test("the proxy sees who asks, and shares the work between all that have the name", async () => {
  const pages = await Promise.all(Array.from({ length: 20 }, () => fetched(neighbour, `http://${HERE.ipv4}:8080/`)));
  expect(new Set(pages.map((page) => page.split(" ")[0]))).toEqual(new Set(["app1", "app2"]));
  expect(new Set(pages.map((page) => page.split(" ")[1])).size).toBe(20);
  await fetched(neighbour, `http://${HERE.ipv6}:8083/`);
  const log = await engine.dockerOutput("logs", "proxy");
  expect(log).toContain(`${THERE.ipv4} - - [`);
  expect(log).toContain("2001:db8::9 - - [");
});

test("the database answers by its alias inside, and by its port outside", async () => {
  await psql("back", "db", "CREATE TABLE words (word text); INSERT INTO words VALUES ('inside')");
  await psql("host", "127.0.0.1", "INSERT INTO words VALUES ('v4')");
  await psql("host", "::1", "INSERT INTO words VALUES ('v6')");
  expect(await psql("back", "postgres", "SELECT word FROM words")).toBe("inside\nv4\nv6");
});

test("what was written outlives restarts, and containers", async () => {
  await redis("SET", "key", "value");
  await psql("back", "db", "CREATE TABLE kept AS SELECT generate_series(1, 10000)");
  const data = async (): Promise<string[]> =>
    Promise.all([redis("GET", "key"), psql("back", "db", "SELECT count(*) FROM kept")]);
  await engine.dockerOutput("restart", "redis", "postgres");
  await Promise.all(["redis", "postgres"].map(isHealthy));
  expect(await data()).toEqual(["value", "10000"]);
  await engine.dockerOutput("rm", "-f", "-v", "redis", "postgres");
  await Promise.all([startCache(), startDatabase()]);
  await Promise.all(["redis", "postgres"].map(isHealthy));
  expect(await data()).toEqual(["value", "10000"]);
  expect(await fetched(host, "http://127.0.0.1:8080/")).toMatch(PAGE);
});

test("connections go on while the engine is killed and comes back", async () => {
  await start("client", "postgres", "--network host", "sleep", "1000");
  const settings = ["LC_ALL=C", "PGHOST=127.0.0.1", "PGUSER=postgres", "PGDATABASE=postgres"];
  const pid = await engine.dockerOutput("inspect", "-f", "{{.State.Pid}}", "client");
  const enter = ["nsenter", "-t", pid, "--mount", "--root", "env", ...settings];
  const client = (...command: readonly string[]): string[] => [...enter, ...command];
  await output(client("pgbench", "-i", "-q"));
  const session = Bun.spawn(client("psql", "-qAt"), { stdin: "pipe", stdout: "pipe" });
  const answers = session.stdout[Symbol.asyncIterator]();
  const ask = async (sql: string): Promise<string> => {
    await session.stdin.write(`${sql};\n`);
    await session.stdin.flush();
    return Buffer.from((await answers.next()).value ?? []).toString();
  };
  const backend = await ask("SELECT pg_backend_pid()");
  const load = output(client("pgbench", "-n", "-c", "4", "-T", "3"));
  for (let kill = 0; kill < 3; kill++) {
    await engine.kill();
    expect(await ask("SELECT pg_backend_pid()")).toBe(backend);
    expect(await fetched(neighbour, `http://${HERE.ipv4}:8080/`)).toMatch(PAGE);
    await engine.begin();
    expect(await ask("SELECT pg_backend_pid()")).toBe(backend);
  }
  expect(await load).toContain("number of failed transactions: 0 (0.000%)");
  session.kill(9);
  await engine.dockerOutput("rm", "-f", "client");
});

/** What netcat hears from the neighbour's server: its own address, or as the neighbour knows it. */
const askNeighbour = (network: string, address: string): Promise<string> =>
  inside(network, "busybox", "sh", "-c", `nc -w 1 ${address} 7777 </dev/null; true`);

test("the internal network reaches nobody outside, and the other networks do", async () => {
  expect(await askNeighbour("front", THERE.ipv4)).toBe(HERE.ipv4);
  expect(await askNeighbour("doors", THERE.ipv4)).toBe(HERE.ipv4);
  expect(await askNeighbour("back", THERE.ipv4)).toBe("");
  expect(await askNeighbour("front", "2001:db8::9")).toBe("2001:db8::1");
  expect(await askNeighbour("back", "2001:db8::9")).toBe("");
});

test("a network's containers reach nothing of another network's, by name or by address", async () => {
  const address = await engine.dockerOutput("inspect", "-f", "{{.NetworkSettings.Networks.back.IPAddress}}", "redis");
  const ping = (network: string, server: string): Promise<string> =>
    inside(network, "redis", "sh", "-c", `timeout 1 redis-cli -h ${server} ping 2>&1; true`);
  expect(await ping("back", address)).toBe("PONG");
  expect(await ping("front", address)).toBe("");
  expect(await ping("doors", address)).toBe("");
  expect(await ping("front", "cache")).toStartWith("Could not connect to Redis at cache:6379: ");
});
