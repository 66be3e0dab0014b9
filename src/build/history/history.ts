/** Builds that run and the latest that ended, with everything they told, to be told again: the first in memory, the others in the archive. */
import { conflict, messageOf, notFound } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { BuildOutcome, BuildRecord, History, NewRecord, OpenRecord } from "../builder.ts";
import type { ProgressEvent, VertexEvent } from "../progress.ts";
import type { HistoryArchive } from "./archive.ts";

const MAX_ENDED = 50;
/** Of what one build tells; the rest of a very long output is not kept for a replay. */
const MAX_EVENTS = 200_000;
const WAIT_MS = 6_000;

interface Entry {
  record: BuildRecord;
  readonly isInternal: boolean;
  /** Undefined when they are in the archive alone. */
  events: ProgressEvent[] | undefined;
  readonly vertexes: Map<string, VertexEvent>;
  hasEnded: boolean;
  readonly waiting: Set<() => void>;
}

export function createHistory(archive: HistoryArchive, log: Logger): History {
  return new ArchivedHistory(archive, log);
}

class ArchivedHistory implements History {
  readonly #archive: HistoryArchive;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #expected = new Map<string, PromiseWithResolvers<Entry>>();
  readonly #watchers = new Set<(record: BuildRecord) => void>();

  constructor(archive: HistoryArchive, log: Logger) {
    this.#archive = archive;
    this.#log = log;
    for (const record of archive.records()) this.#entries.set(record.ref, archivedEntry(record));
  }

  begin({ ref, internal, attributes, exporters }: NewRecord): OpenRecord {
    if (this.#entries.get(ref)?.hasEnded === false) throw conflict(`build ${ref} already exists`);
    const entry: Entry = {
      record: {
        ref,
        state: "running",
        createdAt: Date.now(),
        completedAt: undefined,
        attributes,
        exporters,
        answers: new Map(),
        error: undefined,
        pinned: false,
        steps: { total: 0, completed: 0, cached: 0 },
        warnings: 0,
        attachments: [],
      },
      isInternal: internal,
      events: [],
      vertexes: new Map(),
      hasEnded: false,
      waiting: new Set(),
    };
    this.#entries.set(ref, entry);
    this.#expected.get(ref)?.resolve(entry);
    this.#expected.delete(ref);
    this.#publish(entry);
    return {
      report: (event) => note(entry, event),
      end: (outcome) => this.#end(entry, outcome),
    };
  }

  list(): readonly BuildRecord[] {
    return [...this.#entries.values()].filter(({ isInternal }) => !isInternal).map(({ record }) => record);
  }

  async *watch(signal: AbortSignal): AsyncGenerator<BuildRecord> {
    const queue: BuildRecord[] = [...this.list()];
    let wake: () => void = () => undefined;
    const hear = (record: BuildRecord): void => {
      queue.push(record);
      wake();
    };
    const stop = (): void => wake();
    this.#watchers.add(hear);
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (!signal.aborted) {
        for (let record = queue.shift(); record !== undefined; record = queue.shift()) yield record;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#watchers.delete(hear);
      signal.removeEventListener("abort", stop);
    }
  }

  async *progress(ref: string, signal: AbortSignal): AsyncGenerator<ProgressEvent> {
    const entry = await this.#find(ref);
    // The list grows while it is read, and goes from the entry when the archive has it.
    const events = entry.events ?? (await this.#archive.events(ref));
    for (let at = 0; !signal.aborted; ) {
      for (; at < events.length; at++) {
        const event = events[at];
        if (event !== undefined) yield event;
      }
      if (entry.hasEnded) return;
      await news(entry, signal);
    }
  }

  attachment(digest: string): string | undefined {
    for (const { record } of this.#entries.values()) {
      const found = record.attachments.find((each) => each.digest === digest);
      if (found !== undefined) return found.text;
    }
    return undefined;
  }

  async update(ref: string, { pinned, delete: remove = false }: { pinned?: boolean; delete?: boolean }): Promise<void> {
    const entry = this.#entries.get(ref);
    if (entry === undefined) throw notFound(`failed to find record ${ref}: not found`);
    if (remove) this.#forget(ref);
    entry.record = {
      ...entry.record,
      ...(remove ? { state: "deleted" } : {}),
      ...(pinned === undefined ? {} : { pinned }),
    };
    if (!remove) this.#archive.update(entry.record);
    this.#publish(entry);
  }

  #end(entry: Entry, outcome: BuildOutcome): boolean {
    if (entry.hasEnded) return false;
    entry.hasEnded = true;
    const { answers, attachments, error } = { ...NOTHING, ...outcome };
    const vertexes = [...entry.vertexes.values()];
    const steps = {
      total: vertexes.length,
      completed: vertexes.filter(({ completed }) => completed !== undefined).length,
      cached: vertexes.filter(({ cached }) => cached === true).length,
    };
    const warnings = (entry.events ?? []).filter(({ kind }) => kind === "warning").length;
    const told = { answers, attachments, error, steps, warnings };
    entry.record = { ...entry.record, state: "complete", completedAt: Date.now(), ...told };
    wakeAll(entry);
    this.#publish(entry);
    this.#forgetOldest();
    if (!entry.isInternal) void this.#store(entry);
    return true;
  }

  async #store(entry: Entry): Promise<void> {
    const { ref } = entry.record;
    try {
      await this.#archive.put(entry.record, entry.events ?? []);
    } catch (error) {
      this.#log.warn("build.history.failed", { ref, error: messageOf(error) });
      return;
    }
    // Forgotten, or built again under this name, meanwhile.
    const now = this.#entries.get(ref);
    if (now === undefined) this.#archive.remove(ref);
    else if (now === entry) {
      this.#archive.update(entry.record);
      entry.events = undefined;
    }
  }

  #forget(ref: string): void {
    this.#entries.delete(ref);
    this.#archive.remove(ref);
  }

  #forgetOldest(): void {
    const ended = [...this.#entries.values()].filter(({ hasEnded, record }) => hasEnded && !record.pinned);
    for (const { record } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) this.#forget(record.ref);
  }

  #publish({ record, isInternal }: Entry): void {
    if (!isInternal) for (const hear of this.#watchers) hear(record);
  }

  async #find(ref: string): Promise<Entry> {
    const known = this.#entries.get(ref);
    if (known !== undefined) return known;
    const expected = this.#expected.get(ref) ?? Promise.withResolvers<Entry>();
    this.#expected.set(ref, expected);
    const timer = setTimeout(() => {
      this.#expected.delete(ref);
      expected.reject(notFound(`no such job ${ref}`));
    }, WAIT_MS);
    try {
      return await expected.promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

const NOTHING = { answers: new Map<string, string>(), attachments: [], error: undefined };

const archivedEntry = (record: BuildRecord): Entry => ({
  record,
  isInternal: false,
  events: undefined,
  vertexes: new Map(),
  hasEnded: true,
  waiting: new Set(),
});

function note(entry: Entry, event: ProgressEvent): void {
  if (entry.hasEnded || entry.events === undefined) return;
  if (event.kind === "vertex") entry.vertexes.set(event.digest, event);
  if (entry.events.length < MAX_EVENTS) entry.events.push(event);
  wakeAll(entry);
}

function wakeAll({ waiting }: Entry): void {
  for (const wake of waiting) wake();
  waiting.clear();
}

async function news({ waiting }: Entry, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.add(resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  waiting.delete(resolve);
}
