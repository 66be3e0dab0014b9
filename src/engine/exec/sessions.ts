/** Exec sessions: records on disk and in memory, dropped a while after they ended. */
import type { ContainerRows } from "../../state/container-rows.ts";
import type { ExecPhase, ExecRecord } from "../../state/exec-record.ts";
import type { Container } from "../container/container.ts";
import * as messages from "../messages.ts";
import type { MonitorHandle } from "../ports.ts";

/** Long enough for any client to ask how a session ended (moby collects them after five minutes as well). */
const KEPT_AFTER_END_MS = 5 * 60_000;

export class ExecSession {
  monitor: MonitorHandle | undefined;
  /** Settles when the end of a running session has been recorded. */
  ended: Promise<void> = Promise.resolve();
  readonly #rows: ContainerRows;
  #record: ExecRecord;

  constructor(rows: ContainerRows, record: ExecRecord) {
    this.#rows = rows;
    this.#record = record;
  }

  get record(): ExecRecord {
    return this.#record;
  }
  get id(): string {
    return this.#record.id;
  }
  get phase(): ExecPhase {
    return this.#record.phase;
  }

  enter(phase: ExecPhase): void {
    const record = { ...this.#record, phase };
    this.#rows.putExec(record);
    this.#record = record;
  }
}

export class ExecSessions {
  readonly #rows: ContainerRows;
  readonly #byId = new Map<string, ExecSession>();

  constructor(rows: ContainerRows) {
    this.#rows = rows;
  }

  /** Writes the record and lists it under its container. */
  create(container: Container, record: ExecRecord): ExecSession {
    this.#rows.putExec(record);
    return this.adopt(container, record);
  }

  /** A session whose record stands already. */
  adopt(container: Container, record: ExecRecord): ExecSession {
    const session = new ExecSession(this.#rows, record);
    this.#byId.set(record.id, session);
    container.execIds.add(record.id);
    return session;
  }

  find(id: string): ExecSession {
    const session = this.#byId.get(id);
    if (session === undefined) throw messages.noSuchExec(id);
    return session;
  }

  /** Drops an ended session later; inspect shows it until then. */
  forgetLater(container: Container, session: ExecSession): void {
    setTimeout(() => this.#drop(container, session.id), KEPT_AFTER_END_MS).unref();
  }

  /** Drops all sessions of a container that is going away. */
  forget(container: Container): void {
    for (const id of container.execIds) this.#drop(container, id);
  }

  #drop(container: Container, id: string): void {
    container.execIds.delete(id);
    if (this.#byId.delete(id)) this.#rows.deleteExec(id);
  }
}
