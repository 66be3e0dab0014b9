/**
 * The relay as the engine sees it: ports of the host are opened and closed by it, and what ought to be open is known here, so that a relay that
 * died is replaced and one of an earlier engine brought in line. The process starts with the first port.
 */
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { endHelper, findHelper, type HelperLink, type HelperProgram, HelperRefusal, startHelper } from "../helper.ts";
import type { PublishedPort } from "./published-port.ts";

/** One that dies is started again at once, but not more often. */
const REVIVAL_MS = 1000;

/** A port that cannot be had, by the name of the system call's failure: EADDRINUSE, EADDRNOTAVAIL, EACCES … */
export class PortUnavailable extends Error {
  readonly port: PublishedPort;
  readonly code: string;

  constructor(port: PublishedPort, code: string) {
    super(`${port.protocol} ${port.hostIp} ${port.hostPort}: ${code}`);
    this.port = port;
    this.code = code;
  }
}

export interface RelayDeps {
  readonly program: HelperProgram;
  readonly log: Logger;
}

export class Relay {
  readonly #deps: RelayDeps;
  readonly #open = new Map<string, PublishedPort>();
  #link: HelperLink | undefined;
  #connecting: Promise<HelperLink> | undefined;
  #revivedAt = 0;
  #stopped = false;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  /** Holds all of them or, with a PortUnavailable, none. */
  async open(ports: readonly PublishedPort[]): Promise<void> {
    if (ports.length === 0) return;
    const link = this.#link ?? (await this.#connect());
    for (const port of ports) this.#open.set(keyOf(port), port);
    const asked = await Promise.allSettled(link.ask(...ports.map(openLine)));
    const failed = asked.findIndex(({ status }) => status === "rejected");
    if (failed === -1) return;
    this.close(ports);
    const [answer, port] = [asked[failed], ports[failed]];
    if (answer?.status !== "rejected" || port === undefined) return;
    throw answer.reason instanceof HelperRefusal ? new PortUnavailable(port, answer.reason.reason) : answer.reason;
  }

  /** Idempotent. */
  close(ports: readonly PublishedPort[]): void {
    const known = ports.filter((port) => this.#open.delete(keyOf(port)));
    if (known.length > 0) this.#tell(...known.map((port) => `close ${keyOf(port)}`));
  }

  /** Before `start`: open since an earlier engine. */
  expect(ports: readonly PublishedPort[]): void {
    for (const port of ports) this.#open.set(keyOf(port), port);
  }

  /** Finds the process of an earlier engine again, and brings it in line. */
  async start(): Promise<void> {
    if (this.#open.size > 0) {
      await this.#connect();
      return;
    }
    const left = await findHelper(this.#deps.program);
    if (left !== undefined) await endHelper(left);
  }

  /** The process goes on for the ports that are still open, and ends without any. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const link = (await this.#connecting?.catch(() => undefined)) ?? this.#link;
    if (link === undefined) return;
    if (this.#open.size === 0) await endHelper(link);
    else link.close();
  }

  /** Nobody waits for it. */
  #tell(...lines: readonly string[]): void {
    for (const answer of this.#link?.ask(...lines) ?? []) answer.catch((error: unknown) => this.#warn(error));
  }

  /** Once at a time. */
  #connect(): Promise<HelperLink> {
    this.#connecting ??= this.#reach().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #reach(): Promise<HelperLink> {
    const { program } = this.#deps;
    const link = (await findHelper(program)) ?? (await startHelper(program));
    this.#link = link;
    void link.closed.then(() => this.#lost(link));
    const answers = link.ask("begin", ...[...this.#open.values()].map(openLine), "end");
    for (const answer of await Promise.allSettled(answers)) {
      if (answer.status === "rejected") this.#warn(answer.reason);
    }
    return link;
  }

  #lost(link: HelperLink): void {
    if (this.#link === link) this.#link = undefined;
    if (this.#stopped || this.#open.size === 0) return;
    const waitMs = Math.max(0, this.#revivedAt + REVIVAL_MS - performance.now());
    this.#revivedAt = performance.now() + waitMs;
    setTimeout(() => {
      if (!this.#stopped) this.#connect().catch((error: unknown) => this.#warn(error));
    }, waitMs);
  }

  #warn(error: unknown): void {
    this.#deps.log.warn("relay.failed", { error: messageOf(error) });
  }
}

const keyOf = ({ protocol, hostIp, hostPort }: PublishedPort): string => `${protocol} ${hostIp} ${hostPort}`;
const openLine = (port: PublishedPort): string => `open ${keyOf(port)} ${port.containerIp} ${port.containerPort}`;
