/**
 * A machine of its own for tests: the calling thread in a fresh network namespace, with bridges, containers and neighbours beside it
 * that are namespaces too. Nothing of it touches the machine that the tests run on, and all of it is gone at the end.
 */
import { CLONE, setns, unshare } from "../../kernel/namespaces.ts";
import { currentNetns } from "../../kernel/netns.ts";

/** "tcp" and "udp" answer with the address that they were asked from, "echo" with what it is sent. */
const SERVER = `
import select, socket, sys
kinds, name = {}, lambda a: a[0].removeprefix("::ffff:").encode()
for spec in sys.argv[1:]:
    kind, port = spec.split(":")
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", int(port)))
    if kind != "udp": s.listen(64)
    kinds[s] = kind
print("up", flush=True)
while True:
    for s in select.select(list(kinds), [], [])[0]:
        if kinds[s] == "open":
            data = s.recv(65536)
            if data: s.sendall(data)
            else: del kinds[s]; s.close()
        elif kinds[s] == "udp":
            _, a = s.recvfrom(2048); s.sendto(name(a), a)
        else:
            c, a = s.accept()
            if kinds[s] == "echo": kinds[c] = "open"
            else: c.sendall(name(a)); c.close()
`;

/** It waits long enough for what was lost once to be sent again. */
const CLIENT = `
import socket, sys
kind, address, port, own = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
s.settimeout(1.5)
if own != "0": s.bind(("", int(own)))
try:
    s.connect((address, int(port))); s.send(b"hello") if kind == "udp" else None
    print(s.recv(100).decode(), end="")
except OSError as e:
    sys.exit(1)
`;

/** Link-local addresses are good at once. */
const NO_DAD = "net.ipv6.conf.default.dad_transmits=0";

/** A network namespace to run programs in. */
export class Place {
  /** Whoever holds it. */
  readonly pid: number;
  readonly #netns: string;
  readonly #servers: Bun.Subprocess[] = [];

  constructor(pid: number, netns: string) {
    this.pid = pid;
    this.#netns = netns;
  }

  argv(command: readonly string[]): string[] {
    return ["nsenter", `--net=${this.#netns}`, ...command];
  }

  /** Standard output of a program that must succeed. */
  run(...command: readonly string[]): string {
    const { exitCode, stdout, stderr } = Bun.spawnSync(this.argv(command));
    if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
    return stdout.toString();
  }

  sysctl(...settings: readonly string[]): void {
    this.run("sysctl", "-qw", ...settings);
  }

  /** Serves "tcp:80", "udp:53" or "echo:7" on every address; resolves once it does. */
  async serve(...ports: readonly string[]): Promise<void> {
    const server = Bun.spawn(this.argv(["python3", "-S", "-c", SERVER, ...ports]), { stdout: "pipe" });
    this.#servers.push(server);
    await server.stdout.getReader().read();
  }

  /** As whom the server saw us; undefined when it does not answer. `own` is the port to ask from, any when 0. */
  async reaches(kind: "tcp" | "udp", address: string, port: number, own = 0): Promise<string | undefined> {
    const client = Bun.spawn(this.argv(["python3", "-S", "-c", CLIENT, kind, address, String(port), String(own)]), {
      stdout: "pipe",
    });
    const [seen, exitCode] = await Promise.all([client.stdout.text(), client.exited]);
    return exitCode === 0 ? seen : undefined;
  }

  /** From now on 127.0.0.1 is somewhere beyond the gateway: what somebody on the same wire would try. */
  aimAtLoopback(gateway: string): void {
    this.sysctl("net.ipv4.conf.all.route_localnet=1", "net.ipv4.conf.eth0.route_localnet=1");
    this.run("ip", "rule", "add", "to", "127.0.0.1", "lookup", "99", "priority", "0");
    this.run("ip", "route", "add", "127.0.0.1", "via", gateway, "dev", "eth0", "table", "99");
    this.run("ip", "rule", "add", "lookup", "local", "priority", "5");
    this.run("ip", "rule", "del", "lookup", "local", "priority", "0");
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) server.kill(9);
  }
}

export class ScratchHost extends Place {
  readonly #stack: DisposableStack;

  constructor() {
    const stack = new DisposableStack();
    const home = stack.use(currentNetns());
    unshare(CLONE.NEWNET);
    stack.defer(() => setns(home, CLONE.NEWNET));
    // By its own descriptor, so that nothing is ever done to the machine by mistake.
    super(process.pid, `/proc/${process.pid}/fd/${stack.use(currentNetns()).fd}`);
    this.#stack = stack;
    this.run("ip", "link", "set", "lo", "up");
    this.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", NO_DAD);
    this.filterBridges(false);
  }

  /** Whether what passes between the ports of a bridge is filtered like what is forwarded (br_netfilter). */
  filterBridges(on: boolean): void {
    this.sysctl(
      `net.bridge.bridge-nf-call-iptables=${on ? 1 : 0}`,
      `net.bridge.bridge-nf-call-ip6tables=${on ? 1 : 0}`,
    );
  }

  /** The addresses, with their prefix lengths, are the host's own on it. */
  bridge(name: string, ...addresses: readonly string[]): void {
    this.run("ip", "link", "add", name, "type", "bridge");
    for (const address of addresses) this.run("ip", "address", "add", address, "dev", name, ...nodad(address));
    this.run("ip", "link", "set", name, "up");
  }

  /** On a bridge, with a default route for each gateway. */
  async container(bridge: string, addresses: readonly string[], gateways: readonly string[] = []): Promise<Place> {
    const place = await this.#place();
    const port = `p${place.pid}`;
    this.#cable(place, port, addresses);
    this.run("ip", "link", "set", port, "master", bridge);
    for (const gateway of gateways) place.run("ip", ...family(gateway), "route", "add", "default", "via", gateway);
    return place;
  }

  /** At the other end of a cable, whose end here has the address `here`. */
  async neighbour(here: string, there: string): Promise<Place> {
    const place = await this.#place();
    const port = `n${place.pid}`;
    this.#cable(place, port, [there]);
    this.run("ip", "address", "add", here, "dev", port, ...nodad(here));
    return place;
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#stack.dispose();
  }

  async #place(): Promise<Place> {
    const holder = Bun.spawn(["unshare", "-n", "sh", "-c", "echo up; exec sleep 600"], { stdout: "pipe" });
    await holder.stdout.getReader().read();
    this.#stack.defer(() => holder.kill(9));
    const place = this.#stack.use(new Place(holder.pid, `/proc/${holder.pid}/ns/net`));
    place.run("ip", "link", "set", "lo", "up");
    place.sysctl(NO_DAD);
    return place;
  }

  #cable(place: Place, port: string, addresses: readonly string[]): void {
    this.run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", String(place.pid));
    this.run("ip", "link", "set", port, "up");
    for (const address of addresses) place.run("ip", "address", "add", address, "dev", "eth0", ...nodad(address));
    place.run("ip", "link", "set", "eth0", "up");
  }
}

const nodad = (address: string): string[] => (address.includes(":") ? ["nodad"] : []);
const family = (address: string): string[] => (address.includes(":") ? ["-6"] : []);
