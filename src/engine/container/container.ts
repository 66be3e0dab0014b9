/** A container in memory: its record, the monitor of its present run, and who waits for it. Every change of state is written before it is told. */
import type { ContainerId } from "../../base/ids.ts";
import type {
  ContainerRecord,
  ContainerSpec,
  ContainerState,
  LiveProcess,
  Phase,
} from "../../state/container-record.ts";
import type { ContainerRows } from "../../state/container-rows.ts";
import type { MonitorHandle } from "../ports.ts";

export interface ExitStatus {
  readonly exitCode: number;
  readonly error: string;
}

/** A client that attached before the process runs; given the monitor once there is one. */
export type PendingAttach = (monitor: MonitorHandle) => Promise<void>;

type Waiter = (status: ExitStatus) => void;

export class Container {
  /** The monitor of the present run; undefined when nothing runs. */
  monitor: MonitorHandle | undefined;
  /** Settles when the present run's end has been recorded. */
  runEnded: Promise<void> = Promise.resolve();
  /** Cancels a restart that waits for its delay. */
  cancelRestart: (() => void) | undefined;
  /** Ends the present run's health checks. */
  stopHealth: (() => void) | undefined;
  readonly pendingAttaches = new Set<PendingAttach>();
  readonly execIds = new Set<string>();
  readonly #rows: ContainerRows;
  #name: string;
  #spec: ContainerSpec;
  #state: ContainerState;
  #exitWaiters: Waiter[] = [];
  #removeWaiters: Waiter[] = [];

  constructor(rows: ContainerRows, record: ContainerRecord) {
    this.#rows = rows;
    this.#name = record.name;
    this.#spec = record.spec;
    this.#state = record.state;
  }

  get id(): ContainerId {
    return this.#spec.id;
  }
  get name(): string {
    return this.#name;
  }
  get spec(): ContainerSpec {
    return this.#spec;
  }
  get state(): ContainerState {
    return this.#state;
  }
  get phase(): Phase {
    return this.#state.phase;
  }

  /** The process while running or paused. */
  get live(): LiveProcess | undefined {
    const { phase } = this.#state;
    return phase.at === "running" || phase.at === "paused" ? phase : undefined;
  }

  /** Running in Docker's sense: paused and restarting count as well. */
  get isUp(): boolean {
    return this.live !== undefined || this.phase.at === "restarting";
  }

  update(change: Partial<ContainerState>): void {
    const state = { ...this.#state, ...change };
    this.#rows.setState(this.id, state);
    this.#state = state;
  }

  /** For the moment before its record goes: an engine that dies in between finds the end again. */
  updateUnwritten(change: Partial<ContainerState>): void {
    this.#state = { ...this.#state, ...change };
  }

  updateSpec(change: Partial<ContainerSpec>): void {
    const spec = { ...this.#spec, ...change };
    this.#rows.setSpec(this.id, spec);
    this.#spec = spec;
  }

  rename(name: string): void {
    this.#rows.setName(this.id, name);
    this.#name = name;
  }

  /** Calls `waiter` at the next end of a run; the returned function forgets it. */
  onExit(waiter: Waiter): () => void {
    this.#exitWaiters.push(waiter);
    return () => {
      this.#exitWaiters = this.#exitWaiters.filter((other) => other !== waiter);
    };
  }

  /** Calls `waiter` when the container is gone; the returned function forgets it. */
  onRemoved(waiter: Waiter): () => void {
    this.#removeWaiters.push(waiter);
    return () => {
      this.#removeWaiters = this.#removeWaiters.filter((other) => other !== waiter);
    };
  }

  tellExit(): void {
    const waiters = this.#exitWaiters;
    this.#exitWaiters = [];
    for (const waiter of waiters) waiter(this.exitStatus);
  }

  /** What went wrong at its start is no error of its removal. */
  tellRemoved(): void {
    const waiters = [...this.#exitWaiters, ...this.#removeWaiters];
    this.#exitWaiters = [];
    this.#removeWaiters = [];
    for (const waiter of waiters) waiter({ exitCode: this.#state.exitCode, error: "" });
  }

  get exitStatus(): ExitStatus {
    return { exitCode: this.#state.exitCode, error: this.#state.error };
  }
}
