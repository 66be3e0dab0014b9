import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createId } from "../../base/ids.ts";
import { nullLogger } from "../../base/log.ts";
import { Firewall } from "../firewall/firewall.ts";
import { type Place, ScratchHost } from "../firewall/scratch-host.ts";
import type { PortTarget } from "./bindings.ts";
import { PublishedPorts } from "./ports.ts";
import { Relay } from "./relay.ts";

setDefaultTimeout(60_000);
const RELAY = resolve(import.meta.dir, "../../../native/build/tare-relay");

let host: ScratchHost;
let dir: string;
let stack: AsyncDisposableStack;
let one: Engine;

/** An engine's part in it; several one after the other share a machine and a directory. */
class Engine {
  readonly firewall = new Firewall({ name: "tare_test", log: nullLogger });
  readonly relay = new Relay({ program: { path: RELAY, dir: join(dir, "relay") }, log: nullLogger });
  readonly ports = new PublishedPorts({ firewall: this.firewall, relay: this.relay, redirect: () => undefined });

  open(): void {
    const gatewayMode = { ipv4: "nat", ipv6: "nat" } as const;
    const policy = { bridge: "br1", subnets: [], internal: false, icc: true, masquerade: true, gatewayMode };
    this.firewall.open([policy], this.ports.all());
  }

  /** Without a word to anybody. Idempotent. */
  async die(): Promise<void> {
    this.firewall.stop();
    await this.relay.stop();
  }
}

beforeEach(() => {
  stack = new AsyncDisposableStack();
  dir = mkdtempSync(join(tmpdir(), "tare-ports-"));
  stack.defer(() => rmSync(dir, { recursive: true }));
  host = stack.use(new ScratchHost());
  host.bridge("br1", "10.1.0.1/24", "fd01::1/64");
  one = new Engine();
  one.open();
});

afterEach(async () => {
  await one.die();
  // Whatever is still published is taken over by an engine without containers, which leaves nothing.
  const last = new Engine();
  last.open();
  await last.relay.start();
  last.firewall.destroy();
  await last.relay.stop();
  await stack.disposeAsync();
});

const target: PortTarget = {
  endpointId: "e1",
  bridge: "br1",
  ipv4: "10.1.0.2",
  ipv6: undefined,
  gatewayMode: { ipv4: "nat", ipv6: "nat" },
  hostBinding: "0.0.0.0",
};

/** "8080:80", "127.0.0.1:8080:80", "8000-8010:80/udp", "80" as `-p` has them. */
function wanted(...specs: readonly string[]) {
  const PortBindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const spec of specs) {
    const [, HostIp = "", HostPort = "", port = ""] =
      /^(?:(?:\[?([0-9a-f.:]+)\]?:)?([\d-]*):)?(\d+(?:\/\w+)?)$/.exec(spec) ?? [];
    const key = port.includes("/") ? port : `${port}/tcp`;
    PortBindings[key] = [...(PortBindings[key] ?? []), { HostIp, HostPort }];
  }
  return { name: "web", config: {}, hostConfig: { PortBindings, PublishAllPorts: false } };
}

const refusal = (attempt: Promise<unknown>): Promise<string> => attempt.then(() => "none", String);

async function box(...ports: readonly string[]): Promise<Place> {
  const place = await host.container("br1", ["10.1.0.2/24"], ["10.1.0.1"]);
  await place.serve(...ports);
  return place;
}

test("an IPv4 container is reached by IPv6 too, from the host itself and from the world, by TCP and UDP", async () => {
  await box("tcp:80", "udp:80");
  const neighbour = await host.neighbour("2001:db8::1/64", "2001:db8::9/64");
  const map = await one.ports.publish(createId(), target, wanted("8080:80", "8080:80/udp"));
  expect(map["80/tcp"]).toEqual([
    { HostIp: "0.0.0.0", HostPort: "8080" },
    { HostIp: "::", HostPort: "8080" },
  ]);
  for (const kind of ["tcp", "udp"] as const) {
    expect(await host.reaches(kind, "::1", 8080)).toBe("10.1.0.1");
    expect(await host.reaches(kind, "127.0.0.1", 8080)).toBe("10.1.0.1");
    expect(await neighbour.reaches(kind, "2001:db8::1", 8080)).toBe("10.1.0.1");
  }
});

test("a container reaches its own published port, whether bridges are filtered or not", async () => {
  const self = await box("tcp:80", "udp:80");
  await one.ports.publish(createId(), target, wanted("8080:80", "8080:80/udp"));
  for (const filtered of [false, true]) {
    host.filterBridges(filtered);
    expect(await self.reaches("tcp", "10.1.0.1", 8080)).toBe("10.1.0.1");
    expect(await self.reaches("udp", "10.1.0.1", 8080)).toBe("10.1.0.1");
  }
});

test("containers that may not reach each other do so by published ports, whether bridges are filtered or not", async () => {
  const gatewayMode = { ipv4: "nat", ipv6: "nat" } as const;
  one.firewall.addNetwork({ bridge: "br1", subnets: [], internal: false, icc: false, masquerade: true, gatewayMode });
  const server = await box("tcp:80", "udp:80");
  const client = await host.container("br1", ["10.1.0.3/24"], ["10.1.0.1"]);
  for (const { pid } of [server, client])
    host.run("ip", "link", "set", `p${pid}`, "type", "bridge_slave", "isolated", "on");
  await one.ports.publish(createId(), target, wanted("8080:80", "8080:80/udp"));
  for (const filtered of [false, true]) {
    host.filterBridges(filtered);
    expect(await client.reaches("tcp", "10.1.0.2", 80)).toBeUndefined();
    expect(await client.reaches("tcp", "10.1.0.1", 8080)).toBe("10.1.0.1");
    expect(await client.reaches("udp", "10.1.0.1", 8080)).toBe("10.1.0.1");
  }
});

test("a port is refused in Docker's words when another container has it, or another process, or nobody the address", async () => {
  await host.serve("tcp:9000");
  await one.ports.publish(createId(), target, wanted("8080:80"));
  const attempt = (...specs: string[]) => refusal(one.ports.publish(createId(), target, wanted(...specs)));
  expect(await attempt("8080:81")).toContain(
    "driver failed programming external connectivity on endpoint web (e1): Bind for 0.0.0.0:8080 failed",
  );
  expect(await attempt("8080:81")).toContain("Bind for 0.0.0.0:8080 failed: port is already allocated");
  expect(await attempt("[::1]:8080:81")).toContain("Bind for :::8080 failed: port is already allocated");
  expect(await attempt("127.0.0.1:9000:81")).toEndWith(
    "failed to bind host port for 127.0.0.1:9000:10.1.0.2:81/tcp: address already in use",
  );
  expect(await attempt("[::]:9000:81")).toEndWith(
    "failed to bind host port for [::]:9000:10.1.0.2:81/tcp: address already in use",
  );
  expect(await attempt("192.0.2.99:8081:81")).toEndWith(
    "failed to bind host port for 192.0.2.99:8081:10.1.0.2:81/tcp: cannot assign requested address",
  );
  expect(await attempt("9000-9000:81", "8081:81", "8082:81")).toContain("address already in use");
  // What was taken on the way to a refusal has been given back.
  expect(await attempt("8081:81", "8082:82", "9000:83")).toContain("address already in use");
  expect(await attempt("8081:81", "8082:82")).toBe("none");
});

test("of a range the first free port is taken, past those that others on the machine have", async () => {
  await host.serve("tcp:9000");
  const publish = (...specs: string[]) => one.ports.publish(createId(), target, wanted(...specs));
  const [first] = (await publish("9000-9002:80"))["80/tcp"] ?? [];
  const [second] = (await publish("9000-9002:80"))["80/tcp"] ?? [];
  expect(new Set([first?.HostPort, second?.HostPort])).toEqual(new Set(["9001", "9002"]));
  expect(await refusal(publish("9000-9002:80"))).toEndWith(
    "failed to bind host port 9000 for 0.0.0.0:9000-9002:10.1.0.2:80/tcp: address already in use",
  );
  expect(await refusal(publish("9001-9002:80"))).toContain("all ports are allocated");
});

test("a port that may be anywhere is in the kernel's range, and the next one is another", async () => {
  host.sysctl("net.ipv4.ip_local_port_range=40000 40002");
  const publish = () => one.ports.publish(createId(), target, wanted("80"));
  const ports = [await publish(), await publish(), await publish()].map((map) => map["80/tcp"]?.[0]?.HostPort);
  expect(ports).toEqual(["40000", "40001", "40002"]);
  expect(await refusal(publish())).toContain("all ports are allocated");
});

test("what is unpublished is free at once, for others on the machine too", async () => {
  const id = createId();
  await one.ports.publish(id, target, wanted("9000:80"));
  one.ports.unpublish(id);
  one.ports.unpublish(id);
  await one.ports.publish(id, target, wanted("9000:80"));
  one.ports.unpublish(id);
  await host.serve("tcp:9000");
});

test("while an engine is gone the ports lead where they led, and the next one takes them over", async () => {
  await box("tcp:80");
  const id = createId();
  const map = await one.ports.publish(id, target, wanted("8080:80", "8081:80"));
  await one.die();
  const reached = async () => [await host.reaches("tcp", "127.0.0.1", 8080), await host.reaches("tcp", "::1", 8080)];
  expect(await reached()).toEqual(["10.1.0.1", "10.1.0.1"]);
  const two = new Engine();
  two.ports.adopt(id, target, map);
  two.open();
  await two.relay.start();
  expect(await reached()).toEqual(["10.1.0.1", "10.1.0.1"]);
  expect(await refusal(two.ports.publish(createId(), target, wanted("8081:80")))).toContain("already allocated");
  two.ports.unpublish(id);
  expect(await reached()).toEqual([undefined, undefined]);
  await two.die();
});

test("a relay that dies is replaced, with all its ports", async () => {
  await box("tcp:80");
  await one.ports.publish(createId(), target, wanted("8080:80"));
  const pid = host.run("pgrep", "--ns", String(process.pid), "--nslist", "net", "tare-relay").trim();
  process.kill(Number(pid), "SIGKILL");
  while ((await host.reaches("tcp", "::1", 8080)) !== "10.1.0.1") await Bun.sleep(5);
  // The kernel's way never depended on it.
  expect(await host.reaches("tcp", "127.0.0.1", 8080)).toBe("10.1.0.1");
});

test("when the firewall is gone and no engine is there to mend it, published ports are reached all the same", async () => {
  await box("tcp:80", "udp:80");
  await one.ports.publish(createId(), target, wanted("8080:80", "8080:80/udp"));
  one.firewall.stop();
  host.run("nft", "flush ruleset");
  expect(await host.reaches("tcp", "127.0.0.1", 8080)).toBe("10.1.0.1");
  expect(await host.reaches("udp", "127.0.0.1", 8080)).toBe("10.1.0.1");
});
