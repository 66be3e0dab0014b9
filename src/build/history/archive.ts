/** Builds that have ended, in the engine's database: what is known of each, and everything it told, compressed. */
import type { Database } from "bun:sqlite";
import type { BuildRecord, Exporter } from "../builder.ts";
import type { ProgressEvent } from "../progress.ts";

/** Events turned into text at a time, so that nobody else waits for a long build. */
const SLICE_EVENTS = 1000;

interface Row {
  ref: string;
  record: string;
}

export class HistoryArchive {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.run(`CREATE TABLE IF NOT EXISTS build_history (
      ref TEXT PRIMARY KEY, ended INTEGER NOT NULL, record TEXT NOT NULL, events BLOB NOT NULL
    ) STRICT`);
  }

  /** In the order of their ends. */
  records(): BuildRecord[] {
    const rows = this.#db.query<Row, []>("SELECT ref, record FROM build_history ORDER BY ended, rowid").all();
    return rows.map(({ record }) => fromText(record));
  }

  /** Everything a build told; nothing of one that is not there. */
  async events(ref: string): Promise<ProgressEvent[]> {
    const row = this.#db
      .query<{ events: Uint8Array }, [string]>("SELECT events FROM build_history WHERE ref = ?")
      .get(ref);
    if (row === null) return [];
    const text = (await Bun.zstdDecompress(Uint8Array.from(row.events))).toString();
    const events: ProgressEvent[] = [];
    for (const [at, line] of text.split("\n").entries()) {
      if (at % SLICE_EVENTS === SLICE_EVENTS - 1) await pause();
      if (line !== "") events.push(JSON.parse(line, revive) as ProgressEvent);
    }
    return events;
  }

  async put(record: BuildRecord, events: readonly ProgressEvent[]): Promise<void> {
    const parts: string[] = [];
    for (let from = 0; from < events.length; from += SLICE_EVENTS) {
      parts.push(...events.slice(from, from + SLICE_EVENTS).map((event) => `${JSON.stringify(event, replace)}\n`));
      await pause();
    }
    const packed = await Bun.zstdCompress(Buffer.from(parts.join("")));
    this.#db
      .query("INSERT OR REPLACE INTO build_history (ref, ended, record, events) VALUES (?, ?, ?, ?)")
      .run(record.ref, Math.round(record.completedAt ?? 0), toText(record), packed);
  }

  /** Nothing happens to one that is not there. */
  update(record: BuildRecord): void {
    this.#db.query("UPDATE build_history SET record = ? WHERE ref = ?").run(toText(record), record.ref);
  }

  remove(ref: string): void {
    this.#db.query("DELETE FROM build_history WHERE ref = ?").run(ref);
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** JSON has no bytes: they are `{"base64": …}`. No event has such a field of its own. */
function replace(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("base64" in value)) return value;
  return Uint8Array.from(Buffer.from(String(value.base64), "base64"));
}

type Pairs = readonly (readonly [string, string])[];

/** A record with its maps as lists of pairs. */
interface StoredRecord extends Omit<BuildRecord, "attributes" | "answers" | "exporters" | "attachments"> {
  readonly attributes: Pairs;
  readonly answers: Pairs;
  /** Missing in records of earlier versions. */
  readonly attachments?: BuildRecord["attachments"];
  readonly exporters: readonly { readonly type: Exporter["type"]; readonly attributes: Pairs }[];
}

function toText({ attributes, answers, exporters, ...rest }: BuildRecord): string {
  const stored: StoredRecord = {
    ...rest,
    attributes: [...attributes],
    answers: [...answers],
    exporters: exporters.map(({ type, attributes: own }) => ({ type, attributes: [...own] })),
  };
  return JSON.stringify(stored);
}

/** Only what toText has written is ever read. */
function fromText(text: string): BuildRecord {
  const { attributes, answers, exporters, attachments, ...rest } = JSON.parse(text) as StoredRecord;
  return {
    ...rest,
    completedAt: rest.completedAt,
    error: rest.error,
    attachments: attachments ?? [],
    attributes: new Map(attributes),
    answers: new Map(answers),
    exporters: exporters.map(({ type, attributes: own }) => ({ type, attributes: new Map(own) })),
  };
}
