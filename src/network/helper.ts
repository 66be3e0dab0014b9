/**
 * A small process beside the engine as the one who needs it sees it: reached or started when it is wanted, told everything that it ought to
 * know each time it is reached, and replaced when it dies.
 */
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { endHelper, findHelper, type HelperLink, type HelperProgram, startHelper } from "./helper-link.ts";

export interface HelperDeps {
  readonly program: HelperProgram;
  readonly log: Logger;
}

/** Whose helper it is. */
export interface HelperUser {
  /** Of its events in the log. */
  readonly name: string;
  /** Without anything to do the process is not started, and ended with the engine. */
  readonly isNeeded: () => boolean;
  /** Requests that say everything; what the process knows besides is dropped. */
  readonly everything: () => readonly string[];
}

/** One that dies is started again at once, but not more often. */
const REVIVAL_MS = 1000;

export class Helper {
  readonly #deps: HelperDeps;
  readonly #user: HelperUser;
  #link: HelperLink | undefined;
  #connecting: Promise<HelperLink> | undefined;
  /** A process of an earlier engine that has nothing to do is on its way out: nobody else may speak to it. */
  #ending: Promise<void> = Promise.resolve();
  #revivedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(deps: HelperDeps, user: HelperUser) {
    this.#deps = deps;
    this.#user = user;
  }

  /** The connection, to a process that knows everything of before. Rejects when it cannot be started. */
  reach(): HelperLink | Promise<HelperLink> {
    if (this.#link?.isOpen === true && this.#connecting === undefined) return this.#link;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** The answers, in the order of the requests. A process that goes meanwhile is replaced, and its successor asked once more. */
  async ask(...lines: readonly string[]): Promise<PromiseSettledResult<void>[]> {
    const link = await this.reach();
    const answers = await Promise.allSettled(link.ask(...lines));
    if (link.isOpen) return answers;
    const successor = await this.reach();
    return Promise.allSettled(successor.ask(...lines));
  }

  /** Requests that nobody waits for; to a process that is not there they are told with everything else. */
  tell(...lines: readonly string[]): void {
    for (const answer of this.#link?.ask(...lines) ?? []) answer.catch(this.#warn);
  }

  /** Finds the process of an earlier engine again, and brings it in line, or ends it when there is nothing to do. */
  async start(): Promise<void> {
    if (this.#user.isNeeded()) {
      await this.reach();
      return;
    }
    this.#ending = this.#endIdle();
    await this.#ending;
  }

  /** The process goes on with what it has to do, and ends without anything. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const link = (await this.#connecting?.catch(() => undefined)) ?? this.#link;
    if (link === undefined) return;
    if (this.#user.isNeeded()) link.close();
    else await endHelper(link);
  }

  async #endIdle(): Promise<void> {
    const left = await findHelper(this.#deps.program);
    if (left !== undefined) await endHelper(left);
  }

  async #connect(): Promise<HelperLink> {
    const { program } = this.#deps;
    await this.#ending.catch(() => undefined);
    const link = (await findHelper(program)) ?? (await startHelper(program));
    this.#link = link;
    void link.closed.then(() => this.#lost(link));
    for (const answer of await Promise.allSettled(link.ask("begin", ...this.#user.everything(), "end"))) {
      if (answer.status === "rejected") this.#warn(answer.reason);
    }
    return link;
  }

  #lost(link: HelperLink): void {
    if (this.#link === link) this.#link = undefined;
    this.#reviveLater();
  }

  #reviveLater(): void {
    if (this.#stopped || !this.#user.isNeeded()) return;
    const waitMs = Math.max(0, this.#revivedAt + REVIVAL_MS - performance.now());
    this.#revivedAt = performance.now() + waitMs;
    setTimeout(() => void this.#revive(), waitMs).unref();
  }

  async #revive(): Promise<void> {
    if (this.#stopped || this.#link !== undefined) return;
    try {
      await this.reach();
    } catch (error) {
      this.#warn(error);
      this.#reviveLater();
    }
  }

  readonly #warn = (error: unknown): void => {
    this.#deps.log.warn(`${this.#user.name}.failed`, { error: messageOf(error) });
  };
}
