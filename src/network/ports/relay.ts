/**
 * The relay as the engine sees it: ports of the host are opened and closed by it, and what ought to be open is known here, so that a relay that
 * died is replaced and one of an earlier engine brought in line. The process starts with the first port.
 */
import { Helper, type HelperDeps } from "../helper.ts";
import { HelperRefusal } from "../helper-link.ts";
import type { PublishedPort } from "./published-port.ts";

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

export class Relay {
  readonly #open = new Map<string, PublishedPort>();
  readonly #process: Helper;

  constructor(deps: HelperDeps) {
    this.#process = new Helper(deps, {
      name: "relay",
      isNeeded: () => this.#open.size > 0,
      everything: () => [...this.#open.values()].map(openLine),
    });
  }

  /** Holds all of them or, with a PortUnavailable, none. */
  async open(ports: readonly PublishedPort[]): Promise<void> {
    if (ports.length === 0) return;
    await this.#process.reach();
    for (const port of ports) this.#open.set(keyOf(port), port);
    const asked = await this.#process.ask(...ports.map(openLine));
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
    if (known.length > 0) this.#process.tell(...known.map((port) => `close ${keyOf(port)}`));
  }

  /** Before `start`: open since an earlier engine. */
  expect(ports: readonly PublishedPort[]): void {
    for (const port of ports) this.#open.set(keyOf(port), port);
  }

  /** Finds the process of an earlier engine again, and brings it in line. */
  start(): Promise<void> {
    return this.#process.start();
  }

  /** The process goes on for the ports that are still open, and ends without any. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}

const keyOf = ({ protocol, hostIp, hostPort }: PublishedPort): string => `${protocol} ${hostIp} ${hostPort}`;
const openLine = (port: PublishedPort): string => `open ${keyOf(port)} ${port.containerIp} ${port.containerPort}`;
