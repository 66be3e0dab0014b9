/**
 * Name resolution for containers on user-defined networks, as the rest of the room sees it: who is served, and which names there are.
 * What is told here is kept here and mirrored to one resolver process, which outlives the engine; order is kept, so a name that was
 * put before `serve` resolves when that settles.
 */
import { messageOf } from "../../base/errors.ts";
import type { ContainerId } from "../../base/ids.ts";
import type { Logger } from "../../base/log.ts";
import { endResolver, findResolver, type ResolverLink, type ResolverProgram, startResolver } from "./link.ts";
import { putLine, serveLine } from "./requests.ts";

/** A server that answers for names which are not ours. */
export interface Upstream {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** Asked from the host's namespace, as the host's own servers are; otherwise from the container's (`--dns`). */
  readonly fromHost: boolean;
}

/** A network that a container is on, as the container sees it. */
export interface ServedNetwork {
  readonly id: string;
  /** Resolves `web.<name>`. */
  readonly name: string;
  /** Legacy links of this container on this network: alias -> name of the linked container. */
  readonly links: Readonly<Record<string, string>>;
}

/** A network namespace in which 127.0.0.11 answers. */
export interface ServedSandbox {
  readonly id: ContainerId;
  /** Opened before `serve` settles; need not last longer. */
  readonly netnsPath: string;
  /** In Docker's order of precedence (gateway priority, internal ones last, then by name): the first that has a name answers. */
  readonly networks: readonly ServedNetwork[];
  /** At most three are asked, in this order. */
  readonly upstreams: readonly Upstream[];
  /** False on internal networks only: servers of the host are never asked then. */
  readonly forward: boolean;
  /** The container's options set `ndots` to 1 or more: names without a dot are not forwarded. */
  readonly ndots: boolean;
}

/** What one endpoint is called on its network. */
export interface DnsRecord {
  readonly endpointId: string;
  readonly networkId: string;
  /** IPv4 and IPv6, without a prefix length. */
  readonly addresses: readonly string[];
  /** Without regard to case. The first is the container's name and what a reverse look-up returns. */
  readonly names: readonly string[];
}

export interface Resolver {
  /** Answers in this namespace, or serves it by new settings. Idempotent. Rejects when the namespace cannot be entered. */
  serve(sandbox: ServedSandbox): Promise<void>;
  /** Replaces what the endpoint was called before. */
  put(record: DnsRecord): void;
  /** Idempotent. */
  drop(endpointId: string): void;
  /** The container's process; when it ends the namespace is let go of, whether an engine sees that or not. */
  hold(id: ContainerId, pid: number): void;
  /** Answers no longer in the container's namespace, and lets go of it. Idempotent. */
  forget(id: ContainerId): void;
  /** Once everything that runs has been told: finds the process of an earlier engine again, and brings it in line. */
  start(): Promise<void>;
  /** The process goes on for the containers that are still served, and ends without any. */
  stop(): Promise<void>;
}

/** A process that dies is started again at once, but not more often. */
const REVIVAL_MS = 1000;

export interface ResolverDeps {
  readonly program: ResolverProgram;
  readonly log: Logger;
}

class ResolverClient implements Resolver {
  readonly #deps: ResolverDeps;
  readonly #sandboxes = new Map<ContainerId, ServedSandbox>();
  readonly #records = new Map<string, DnsRecord>();
  readonly #pids = new Map<ContainerId, number>();
  #link: ResolverLink | undefined;
  #connecting: Promise<ResolverLink> | undefined;
  #revivedAt = 0;
  #stopped = false;

  constructor(deps: ResolverDeps) {
    this.#deps = deps;
  }

  async serve(sandbox: ServedSandbox): Promise<void> {
    this.#sandboxes.set(sandbox.id, sandbox);
    const link = this.#link ?? (await this.#connect());
    try {
      await Promise.all(link.ask(serveLine(sandbox)));
    } catch (error) {
      if (link.isOpen) throw error;
      await Promise.all((await this.#connect()).ask(serveLine(sandbox)));
    }
  }

  put(record: DnsRecord): void {
    this.#records.set(record.endpointId, record);
    this.#tell(putLine(record));
  }

  drop(endpointId: string): void {
    if (this.#records.delete(endpointId)) this.#tell(`drop ${endpointId}`);
  }

  hold(id: ContainerId, pid: number): void {
    if (!this.#sandboxes.has(id)) return;
    this.#pids.set(id, pid);
    this.#tell(`hold ${id} ${pid}`);
  }

  forget(id: ContainerId): void {
    this.#pids.delete(id);
    if (this.#sandboxes.delete(id)) this.#tell(`forget ${id}`);
  }

  async start(): Promise<void> {
    if (this.#sandboxes.size > 0) {
      await this.#connect();
      return;
    }
    const left = await findResolver(this.#deps.program);
    if (left !== undefined) await endResolver(left);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const link = (await this.#connecting?.catch(() => undefined)) ?? this.#link;
    if (link === undefined) return;
    if (this.#sandboxes.size === 0) await endResolver(link);
    else link.close();
  }

  /** Nobody waits; what is refused once would be refused again. */
  #tell(line: string): void {
    const told = this.#link?.ask(line) ?? [];
    for (const answer of told) answer.catch((error: unknown) => this.#warn("dns.refused", error));
  }

  /** Once at a time. */
  #connect(): Promise<ResolverLink> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<ResolverLink> {
    const { program } = this.#deps;
    const link = (await findResolver(program)) ?? (await startResolver(program));
    this.#link = link;
    void link.closed.then(() => this.#lost(link));
    await this.#sync(link);
    return link;
  }

  /** Everything that is known, and nothing else. One container that cannot be served does not keep the others from it. */
  async #sync(link: ResolverLink): Promise<void> {
    const told = link.ask(
      "begin",
      ...[...this.#records.values()].map(putLine),
      ...[...this.#sandboxes.values()].map((sandbox) => serveLine(this.#present(sandbox))),
      ...[...this.#pids].map(([id, pid]) => `hold ${id} ${pid}`),
      "end",
    );
    for (const outcome of await Promise.allSettled(told)) {
      if (outcome.status === "rejected") this.#warn("dns.refused", outcome.reason);
    }
  }

  /** The path it came with may have closed since, a process it is held for has it open. */
  #present(sandbox: ServedSandbox): ServedSandbox {
    const pid = this.#pids.get(sandbox.id);
    return pid === undefined ? sandbox : { ...sandbox, netnsPath: `/proc/${pid}/ns/net` };
  }

  #lost(link: ResolverLink): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    if (this.#stopped || this.#sandboxes.size === 0) return;
    this.#deps.log.warn("dns.lost", { containers: this.#sandboxes.size });
    this.#reviveLater();
  }

  #reviveLater(): void {
    const waitMs = Math.max(0, this.#revivedAt + REVIVAL_MS - Date.now());
    setTimeout(() => void this.#revive(), waitMs).unref();
  }

  async #revive(): Promise<void> {
    if (this.#stopped || this.#link !== undefined || this.#sandboxes.size === 0) return;
    this.#revivedAt = Date.now();
    await this.#connect().catch((error: unknown) => {
      this.#warn("dns.failed", error);
      this.#reviveLater();
    });
  }

  #warn(event: string, error: unknown): void {
    this.#deps.log.warn(event, { error: messageOf(error) });
  }
}

/** Nothing is started before somebody is served. */
export function createResolver(deps: ResolverDeps): Resolver {
  return new ResolverClient(deps);
}
