/** An engine on a machine of its own, whose resolv.conf and DNS servers are the test's. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScratchHost } from "../../src/network/firewall/scratch-host.ts";
import { questionName, type Reply, toReply } from "./dns-message.ts";
import { TARE, TestEngine } from "./engine.ts";
import { ensureBusybox } from "./images.ts";
import { TestNetns } from "./netns.ts";

export interface DnsHostOptions {
  /** Where servers listen on this machine. */
  readonly servers: readonly string[];
  readonly resolvConf: string;
  /** systemd-resolved's own file; "" is an empty one. */
  readonly resolved?: string;
  readonly reply: (name: string) => Reply;
}

/** The engine alone sees these files. */
const MOUNTS = [
  "mount --bind host /etc/resolv.conf",
  "mount -t tmpfs none /run",
  "mkdir -p /run/systemd/resolve",
  "cp resolved /run/systemd/resolve/resolv.conf",
];

export class DnsHost implements AsyncDisposable {
  readonly host: ScratchHost;
  readonly engine: TestEngine;
  /** Names that any server was asked for. */
  asked: string[] = [];
  readonly #undo: AsyncDisposableStack;

  private constructor(host: ScratchHost, engine: TestEngine, undo: AsyncDisposableStack) {
    this.host = host;
    this.engine = engine;
    this.#undo = undo;
  }

  /** `prepare` makes the addresses of servers that are not on loopback. */
  static async start(options: DnsHostOptions, prepare?: (host: ScratchHost) => void): Promise<DnsHost> {
    await using undo = new AsyncDisposableStack();
    const host = undo.use(new ScratchHost());
    prepare?.(host);
    const dir = mkdtempSync(join(tmpdir(), "tare-dns-"));
    undo.defer(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, "host"), options.resolvConf);
    writeFileSync(join(dir, "resolved"), options.resolved ?? "");
    const mounted = [`cd ${dir}`, ...MOUNTS, 'cd / && exec "$@"'].join(" && ");
    const engine = undo.use(await TestEngine.start({ program: ["unshare", "-m", "sh", "-c", mounted, "sh", ...TARE] }));
    await ensureBusybox(engine.dockerEnv());
    const machine = new DnsHost(host, engine, undo.move());
    await machine.#serve(options);
    return machine;
  }

  async start(name: string, ...flags: readonly string[]): Promise<void> {
    await this.engine.dockerOutput("run", "-d", "--name", name, ...flags, "busybox", "sleep", "1000");
  }

  inspect(name: string, format: string): Promise<string> {
    return this.engine.dockerOutput("inspect", "-f", format, name);
  }

  /** The container's namespace, which stays reachable while no engine runs. */
  async inside(name: string): Promise<TestNetns> {
    return new TestNetns(Number(await this.inspect(name, "{{.State.Pid}}")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }

  async #serve({ servers, reply }: DnsHostOptions): Promise<void> {
    const here = this.#undo.use(new TestNetns(process.pid));
    for (const address of servers) {
      await here.serve(address, (query) => {
        const name = questionName(query);
        this.asked.push(name);
        return [toReply(query, reply(name))];
      });
    }
  }
}
