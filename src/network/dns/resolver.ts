/**
 * The resolver as the engine sees it. What is told here is kept here and mirrored to one process, which outlives the engine; order is kept, so
 * a name that was put before `serve` resolves when that settles.
 */
import type { ContainerId } from "../../base/ids.ts";
import { Helper, type HelperDeps } from "../helper.ts";
import { putLine, serveLine } from "./requests.ts";
import type { DnsRecord, Resolver, ServedSandbox } from "./types.ts";

class ResolverClient implements Resolver {
  readonly #sandboxes = new Map<ContainerId, ServedSandbox>();
  readonly #records = new Map<string, DnsRecord>();
  readonly #pids = new Map<ContainerId, number>();
  readonly #process: Helper;

  constructor(deps: HelperDeps) {
    this.#process = new Helper(deps, {
      name: "resolver",
      isNeeded: () => this.#sandboxes.size > 0,
      everything: () => this.#everything(),
    });
  }

  async serve(sandbox: ServedSandbox): Promise<void> {
    this.#sandboxes.set(sandbox.id, sandbox);
    const [answer] = await this.#process.ask(serveLine(sandbox));
    if (answer?.status === "rejected") throw answer.reason;
  }

  put(record: DnsRecord): void {
    this.#records.set(record.endpointId, record);
    this.#process.tell(putLine(record));
  }

  drop(endpointId: string): void {
    if (this.#records.delete(endpointId)) this.#process.tell(`drop ${endpointId}`);
  }

  hold(id: ContainerId, pid: number): void {
    if (!this.#sandboxes.has(id)) return;
    this.#pids.set(id, pid);
    this.#process.tell(`hold ${id} ${pid}`);
  }

  forget(id: ContainerId): void {
    this.#pids.delete(id);
    if (this.#sandboxes.delete(id)) this.#process.tell(`forget ${id}`);
  }

  start(): Promise<void> {
    return this.#process.start();
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  #everything(): string[] {
    return [
      ...[...this.#records.values()].map(putLine),
      ...[...this.#sandboxes.values()].map((sandbox) => serveLine(this.#present(sandbox))),
      ...[...this.#pids].map(([id, pid]) => `hold ${id} ${pid}`),
    ];
  }

  /** The path it came with may have closed since; a process it is held for has it open. */
  #present(sandbox: ServedSandbox): ServedSandbox {
    const pid = this.#pids.get(sandbox.id);
    return pid === undefined ? sandbox : { ...sandbox, netnsPath: `/proc/${pid}/ns/net` };
  }
}

/** Nothing is started before somebody is served. */
export function createResolver(deps: HelperDeps): Resolver {
  return new ResolverClient(deps);
}
