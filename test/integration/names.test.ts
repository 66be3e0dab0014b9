/** Names on user-defined networks, through a whole engine on a machine of its own whose DNS server is ours. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { DnsHost } from "../harness/dns-host.ts";
import { parseAnswer, type TypeName, toQuery, toReply } from "../harness/dns-message.ts";
import type { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import type { TestNetns } from "../harness/netns.ts";

let machine: DnsHost;
let engine: TestEngine;

beforeAll(async () => {
  machine = await DnsHost.start({
    servers: ["127.0.0.53", "127.0.0.54"],
    // As systemd-resolved leaves them: its stub, and the servers behind it.
    resolvConf: "nameserver 127.0.0.53\nsearch corp.test\n",
    resolved: "nameserver 127.0.0.54\nsearch corp.test\n",
    reply: (name) => (name.endsWith("example") ? { addresses: ["192.0.2.80"] } : { rcode: 3 }),
  });
  ({ engine } = machine);
  for (const network of ["front", "back"]) await engine.dockerOutput("network", "create", network);
  await engine.dockerOutput("network", "create", "--ipv6", "--subnet", "fd33::/64", "six");
});
afterAll(() => machine[Symbol.asyncDispose]());
beforeEach(() => {
  machine.asked = [];
});
afterEach(async () => {
  const ids = await engine.dockerOutput("ps", "-aq");
  if (ids !== "") await engine.dockerOutput("rm", "-f", ...ids.split("\n"));
});

const start: DnsHost["start"] = (...args) => machine.start(...args);
const inspect: DnsHost["inspect"] = (...args) => machine.inspect(...args);
const inside: DnsHost["inside"] = (name) => machine.inside(name);
const addressOf = (name: string, network: string): Promise<string> =>
  inspect(name, `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`);

async function resolve(from: TestNetns, name: string, type: TypeName = "A"): Promise<string[]> {
  const { rcode, answers } = parseAnswer(await from.ask(toQuery({ name, type })));
  return rcode === 0 ? answers.map(({ data }) => data).sort() : [`rcode ${rcode}`];
}

const UNKNOWN = ["rcode 3"];

test("a container is found by its name, aliases, host name and short id, on its networks alone", async () => {
  await start("web", "--network", "front", "--network-alias", "www", "--hostname", "webhost");
  await start("db", "--network", "back");
  await start("both", "--network", "front", "--network-alias", "www");
  await engine.dockerOutput("network", "connect", "--alias", "bridgehead", "back", "both");
  using from = await inside("both");
  const [web, both] = [await addressOf("web", "front"), await addressOf("both", "front")];
  const id = await inspect("web", "{{.Id}}");
  for (const name of ["web", "WEB", "webhost", id.slice(0, 12), "web.front"])
    expect(await resolve(from, name)).toEqual([web]);
  expect(await resolve(from, "www")).toEqual([web, both].sort());
  expect(await resolve(from, "db")).toEqual([await addressOf("db", "back")]);
  expect(await resolve(from, "db.front")).toEqual(UNKNOWN);
  expect(await resolve(from, `${web.split(".").reverse().join(".")}.in-addr.arpa`, "PTR")).toEqual(["web.front"]);
  expect(await inspect("web", '{{json (index .NetworkSettings.Networks "front").DNSNames}}')).toBe(
    JSON.stringify(["web", "www", id.slice(0, 12), "webhost"]),
  );
  using elsewhere = await inside("web");
  expect(await resolve(elsewhere, "db")).toEqual(UNKNOWN);
  expect(await resolve(elsewhere, "bridgehead")).toEqual(UNKNOWN);
  expect(await resolve(elsewhere, "both")).toEqual([both]);
});

test("programs in containers reach each other by name", async () => {
  const page = "mkdir /www && echo served >/www/index.html && exec httpd -f -p 80 -h /www";
  await engine.dockerOutput("run", "-d", "--name", "server", "--network", "front", "busybox", "sh", "-c", page);
  const fetch = "until wget -qO- http://server/ 2>/dev/null; do :; done";
  expect(await engine.dockerOutput("run", "--rm", "--network", "front", "busybox", "sh", "-c", fetch)).toBe("served");
});

test("names come and go with connections, stops, starts and new names", async () => {
  await start("client", "--network", "front");
  await start("web");
  using from = await inside("client");
  expect(await resolve(from, "web")).toEqual(UNKNOWN);
  await engine.dockerOutput("network", "connect", "front", "web");
  expect(await resolve(from, "web")).toEqual([await addressOf("web", "front")]);
  await engine.dockerOutput("rename", "web", "site");
  expect([await resolve(from, "web"), await resolve(from, "site")]).toEqual([
    UNKNOWN,
    [await addressOf("site", "front")],
  ]);
  await engine.dockerOutput("stop", "-t", "0", "site");
  expect(await resolve(from, "site")).toEqual(UNKNOWN);
  await engine.dockerOutput("start", "site");
  expect(await resolve(from, "site")).toEqual([await addressOf("site", "front")]);
  await engine.dockerOutput("network", "disconnect", "front", "site");
  expect(await resolve(from, "site")).toEqual(UNKNOWN);
});

test("a running container on the default bridge learns names with its first network that has them, and goes on asking", async () => {
  await start("web", "--network", "front");
  await start("late");
  await engine.dockerOutput("network", "connect", "front", "late");
  using from = await inside("late");
  expect(await engine.dockerOutput("exec", "late", "ping", "-c", "1", "-w", "2", "web")).toContain(
    "1 packets received",
  );
  await engine.dockerOutput("network", "disconnect", "front", "late");
  expect(await resolve(from, "web")).toEqual(UNKNOWN);
  expect(await resolve(from, "www.example")).toEqual(["192.0.2.80"]);
});

test("IPv6 addresses have names where a network has IPv6, and only there", async () => {
  await start("web", "--network", "six");
  await engine.dockerOutput("network", "connect", "front", "web");
  await start("client", "--network", "six");
  using from = await inside("client");
  const address = await inspect("web", "{{.NetworkSettings.Networks.six.GlobalIPv6Address}}");
  expect(address).toStartWith("fd33::");
  expect(await resolve(from, "web", "AAAA")).toEqual([`fd33:0:0:0:0:0:0:${address.slice("fd33::".length)}`]);
  await engine.dockerOutput("network", "connect", "front", "client");
  await engine.dockerOutput("network", "disconnect", "six", "client");
  expect(await resolve(from, "web", "AAAA")).toEqual([]);
});

test("a link's alias is the container's own, and goes before other names", async () => {
  await start("db", "--network", "front");
  await start("alias", "--network", "front");
  await start("client", "--network", "front", "--link", "db:alias");
  using from = await inside("client");
  expect(await resolve(from, "alias")).toEqual([await addressOf("db", "front")]);
  using other = await inside("db");
  expect(await resolve(other, "alias")).toEqual([await addressOf("alias", "front")]);
});

test("a container on the default bridge finds who it is linked to, also at a new address", async () => {
  await start("first");
  await start("db", "--hostname", "dbhost");
  await start("parent", "--link", "db:data");
  const line = async (): Promise<string> => `${await addressOf("db", "bridge")}\tdata dbhost db`;
  const hosts = (): Promise<string> => engine.dockerOutput("exec", "parent", "cat", "/etc/hosts");
  const before = await line();
  expect((await hosts()).split("\n")).toContain(before);
  await engine.dockerOutput("stop", "-t", "0", "db");
  await start("other");
  await engine.dockerOutput("start", "db");
  expect(await line()).not.toBe(before);
  expect((await hosts()).split("\n")).toContain(await line());
  expect(await hosts()).not.toContain(before);
});

test("the host's loopback server is asked, with the host's search domains", async () => {
  await start("client", "--network", "front");
  expect(await engine.dockerOutput("exec", "client", "cat", "/etc/resolv.conf")).toContain(
    "nameserver 127.0.0.11\nsearch corp.test\noptions ndots:0\n",
  );
  using from = await inside("client");
  expect(await resolve(from, "www.example")).toEqual(["192.0.2.80"]);
  const [whole] = await from.askByTcp([toQuery({ name: "tcp.example" })]);
  expect(whole && parseAnswer(whole).answers).toMatchObject([{ data: "192.0.2.80" }]);
  expect(await resolve(from, "nobody")).toEqual(UNKNOWN);
  expect(machine.asked).toEqual(["www.example", "tcp.example", "nobody"]);
});

test("names without a dot stay here when the container's options say so", async () => {
  await start("client", "--network", "front", "--dns-option", "ndots:2", "--dns-search", "s.test");
  using from = await inside("client");
  expect(await resolve(from, "nobody")).toEqual([]);
  expect(await resolve(from, "nobody.s.test")).toEqual(UNKNOWN);
  expect(machine.asked).toEqual(["nobody.s.test"]);
});

test("a server of the container's own choice is asked from where the container is", async () => {
  await start("dns", "--network", "front");
  using server = await inside("dns");
  const address = await addressOf("dns", "front");
  await server.serve(address, (query) => [toReply(query, { addresses: ["192.0.2.99"] })]);
  await start("client", "--network", "front", "--dns", address);
  using from = await inside("client");
  expect(await resolve(from, "www.example")).toEqual(["192.0.2.99"]);
  expect(await resolve(from, "dns")).toEqual([address]);
  expect(machine.asked).toEqual([]);
});

test("host-gateway is an address at which the host answers", async () => {
  const script = "ping -c 1 -w 2 host.docker.internal >/dev/null && grep internal /etc/hosts";
  const flags = ["--network", "front", "--add-host", "host.docker.internal:host-gateway"];
  const hosts = await engine.dockerOutput("run", "--rm", ...flags, "busybox", "sh", "-c", script);
  expect(hosts).toMatch(/^10\.213\.\d+\.1\thost\.docker\.internal$/);
});

test("a container can have port 53 for itself, on every address", async () => {
  await start("own", "--network", "front");
  using from = await inside("own");
  await from.serve("0.0.0.0", () => [Buffer.from("mine")]);
  expect((await from.ask(Buffer.from("x"), "127.0.0.1")).toString()).toBe("mine");
  expect(await resolve(from, "own")).toEqual([await addressOf("own", "front")]);
});

test("who shares a network shares its names, its hosts and its host name", async () => {
  await start("web", "--network", "front", "--hostname", "webhost");
  const script = "hostname; tail -n 1 /etc/hosts; ping -c 1 -w 2 webhost.front | grep -c 'bytes from'";
  const run = ["run", "--rm", "--network", "container:web", "busybox"];
  const shown = await engine.dockerOutput(...run, "sh", "-c", script);
  expect(shown).toBe(`webhost\n${await addressOf("web", "front")}\twebhost\n1`);
});

test("answers go on without the engine, and the next engine goes on from there", async () => {
  await start("web", "--network", "front");
  await start("client", "--network", "front");
  using from = await inside("client");
  const web = [await addressOf("web", "front")];
  for (let kill = 0; kill < 3; kill++) {
    await engine.kill();
    expect([await resolve(from, "web"), await resolve(from, "www.example")]).toEqual([web, ["192.0.2.80"]]);
    await engine.begin();
    expect(await resolve(from, "web")).toEqual(web);
  }
  await start("new", "--network", "front");
  expect(await resolve(from, "new")).toEqual([await addressOf("new", "front")]);
  await engine.dockerOutput("rm", "-f", "web");
  expect(await resolve(from, "web")).toEqual(UNKNOWN);
});

test("what ended while no engine ran has no name when the next one does", async () => {
  await start("web", "--network", "front");
  await start("client", "--network", "front");
  using from = await inside("client");
  const pid = Number(await inspect("web", "{{.State.Pid}}"));
  await engine.kill();
  process.kill(pid, "SIGKILL");
  await engine.begin();
  await eventually(async () => (await resolve(from, "web")).join() === UNKNOWN.join());
});

test("a resolver that is killed is replaced, with everything that it knew", async () => {
  await start("web", "--network", "front");
  await start("client", "--network", "front");
  using from = await inside("client");
  const web = await addressOf("web", "front");
  process.kill(resolverPid(), "SIGKILL");
  const answered = parseAnswer(await from.ask(toQuery({ name: "web" }), "127.0.0.11", 50));
  expect(answered.answers).toMatchObject([{ data: web }]);
});

function resolverPid(): number {
  const [, pid] = engine.residue().flatMap((line) => /^process (\d+) tare-resolver$/.exec(line) ?? []);
  return Number(pid);
}
