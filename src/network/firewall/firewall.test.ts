import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { createLogger } from "../../base/log.ts";
import { Firewall } from "./firewall.ts";
import type { BridgePolicy } from "./policy.ts";
import { type Place, ScratchHost } from "./scratch-host.ts";

setDefaultTimeout(60_000);

let host: ScratchHost;
let firewall: Firewall;
let events: { readonly event: string; wait: PromiseWithResolvers<void> }[];

/** Resolves with the firewall's next word of this kind. */
function told(event: string): Promise<void> {
  const wait = Promise.withResolvers<void>();
  events.push({ event, wait });
  return wait.promise;
}

beforeEach(() => {
  host = new ScratchHost();
  events = [];
  const log = createLogger((line) => {
    for (const { event, wait } of events) if (line.includes(`"${event}"`)) wait.resolve();
  });
  firewall = new Firewall({ name: "tare_test", log });
});

afterEach(() => {
  firewall.destroy();
  host[Symbol.dispose]();
});

const policy = (bridge: string): BridgePolicy => ({
  bridge,
  subnets: [],
  internal: false,
  icc: true,
  masquerade: true,
  gatewayMode: { ipv4: "nat", ipv6: "nat" },
});

const PORT = {
  hostIp: "0.0.0.0",
  hostPort: 8080,
  protocol: "tcp",
  containerIp: "10.1.0.2",
  containerPort: 80,
  bridge: "br1",
} as const;

async function oneNetwork(): Promise<{ box: Place; neighbour: Place }> {
  host.bridge("br1", "10.1.0.1/24");
  const [box, neighbour] = await Promise.all([
    host.container("br1", ["10.1.0.2/24"], ["10.1.0.1"]),
    host.neighbour("192.0.2.1/24", "192.0.2.9/24"),
  ]);
  neighbour.run("ip", "route", "add", "10.0.0.0/8", "via", "192.0.2.1");
  await Promise.all([box, neighbour].map((place) => place.serve("tcp:80")));
  firewall.open([policy("br1")], [PORT]);
  return { box, neighbour };
}

const nft = (script: string): string => host.run("nft", script);

test.each([
  ["the whole ruleset is flushed", "flush ruleset"],
  ["its table is deleted", "delete table inet tare_test"],
  ["its rules are flushed", "flush table inet tare_test"],
  ["one of its chains is flushed", "flush chain inet tare_test forward"],
])("when %s, the firewall is back at once, and what is published too", async (_what, script) => {
  const { neighbour } = await oneNetwork();
  const before = nft("list ruleset");
  const restored = told("firewall.restored");
  nft(script);
  await restored;
  expect(nft("list ruleset")).toBe(before);
  expect(await neighbour.reaches("tcp", "192.0.2.1", 8080)).toBe("192.0.2.9");
  expect(await neighbour.reaches("tcp", "10.1.0.2", 80)).toBeUndefined();
});

test("a port that is published into a table which has just been deleted is there all the same", async () => {
  const { neighbour } = await oneNetwork();
  nft("delete table inet tare_test");
  firewall.publish([{ ...PORT, hostPort: 8081 }]);
  expect(await neighbour.reaches("tcp", "192.0.2.1", 8081)).toBe("192.0.2.9");
  expect(await neighbour.reaches("tcp", "10.1.0.2", 80)).toBeUndefined();
});

test("connections go on while the table is made anew", async () => {
  const { box, neighbour } = await oneNetwork();
  await box.serve("echo:81");
  firewall.publish([{ ...PORT, hostPort: 8081, containerPort: 81 }]);
  const client = Bun.spawn(neighbour.argv(["busybox", "nc", "-w", "5", "192.0.2.1", "8081"]), {
    stdin: "pipe",
    stdout: "pipe",
  });
  const answers = client.stdout.getReader();
  const echo = async (text: string): Promise<string> => {
    void client.stdin.write(text);
    await client.stdin.flush();
    return Buffer.from((await answers.read()).value ?? []).toString();
  };
  expect(await echo("one")).toBe("one");
  const restored = told("firewall.restored");
  nft("flush ruleset");
  await restored;
  expect(await echo("two")).toBe("two");
  client.kill(9);
});

/** As Docker lays them out, and as `iptables` does for ufw. */
const DOCKER = `
  table ip filter {
    chain DOCKER-USER { }
    chain FORWARD { type filter hook forward priority filter; policy drop; jump DOCKER-USER; }
  }`;
const UFW = `
  table ip filter {
    chain ufw-before-forward { }
    chain FORWARD { type filter hook forward priority filter; policy drop; jump ufw-before-forward; }
  }`;

test.each([
  ["Docker's", DOCKER],
  ["ufw's", UFW],
])(
  "beside %s rules that drop what is forwarded, containers reach and are reached, and nothing of ours stays",
  async (_whose, rules) => {
    nft(rules);
    const before = nft("list ruleset");
    const { box, neighbour } = await oneNetwork();
    expect(await neighbour.reaches("tcp", "192.0.2.1", 8080)).toBe("192.0.2.9");
    expect(await box.reaches("tcp", "192.0.2.9", 80)).toBe("192.0.2.1");
    host.filterBridges(true);
    const sibling = await host.container("br1", ["10.1.0.3/24"], ["10.1.0.1"]);
    expect(await sibling.reaches("tcp", "10.1.0.2", 80)).toBe("10.1.0.3");
    expect(await neighbour.reaches("tcp", "10.1.0.2", 80)).toBeUndefined();
    firewall.removeNetwork("br1");
    firewall.destroy();
    expect(nft("list ruleset")).toBe(before);
    firewall = new Firewall({ name: "tare_test", log: createLogger(() => undefined) });
  },
);

test("Docker's networks stay as isolated from ours as from each other", async () => {
  nft(DOCKER);
  host.bridge("docker0", "10.9.0.1/24");
  const docker = await host.container("docker0", ["10.9.0.2/24"], ["10.9.0.1"]);
  await docker.serve("tcp:80");
  const { box } = await oneNetwork();
  expect(await box.reaches("tcp", "10.9.0.2", 80)).toBeUndefined();
  expect(await docker.reaches("tcp", "10.1.0.2", 80)).toBeUndefined();
});

test("when Docker comes later, or has its chain made anew, our rule in it is there at once", async () => {
  const { box } = await oneNetwork();
  for (const script of [DOCKER, "flush chain ip filter DOCKER-USER"]) {
    const restored = told("firewall.exceptions.restored");
    nft(script);
    await restored;
    expect(await box.reaches("tcp", "192.0.2.9", 80)).toBe("192.0.2.1");
  }
});

test("networks that come and go are let through, and no longer", async () => {
  nft(DOCKER);
  await oneNetwork();
  firewall.addNetwork(policy("br2"));
  expect(nft("list chain ip filter tare_test").match(/ifname "br\d" counter[^\n]*accept/g)).toHaveLength(4);
  firewall.removeNetwork("br1");
  expect(nft("list chain ip filter tare_test")).not.toContain("br1");
  expect(nft("list chain ip filter DOCKER-USER").match(/jump tare_test/g)).toHaveLength(1);
});

test("an engine's second life finds the table of the first and takes it over", async () => {
  const { neighbour } = await oneNetwork();
  firewall.stop();
  expect(await neighbour.reaches("tcp", "192.0.2.1", 8080)).toBe("192.0.2.9");
  firewall = new Firewall({ name: "tare_test", log: createLogger(() => undefined) });
  firewall.open([policy("br1")], [{ ...PORT, hostPort: 8082 }]);
  expect(await neighbour.reaches("tcp", "192.0.2.1", 8082)).toBe("192.0.2.9");
  expect(await neighbour.reaches("tcp", "192.0.2.1", 8080)).toBeUndefined();
});
