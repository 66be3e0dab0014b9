/** The build cache: which result has which key, in the engine's database. Records of an earlier boot count only once their files are known to be on disk. */
import type { Database } from "bun:sqlite";
import type { LayerId, Tree } from "../tree.ts";

export interface CacheRecord {
  readonly key: string;
  readonly layers: readonly LayerId[];
  readonly description: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly uses: number;
}

interface Row {
  key: string;
  layers: string;
  description: string;
  created: number;
  used: number;
  uses: number;
}

export class BuildCache {
  readonly #records = new Map<string, CacheRecord>();
  readonly #put: (record: CacheRecord) => void;
  readonly #touch: (record: CacheRecord) => void;
  readonly #delete: (key: string) => void;
  readonly #settle: (mark: string) => void;
  readonly #nextMark: () => string;
  /** Of what is recorded now: the boot, and how often somebody has begun to write everything to the disk since. */
  #mark: string;
  #hasUnsettled = true;

  /** `bootId` tells whether the machine has been up ever since a record was written. */
  constructor(db: Database, bootId: string) {
    db.run(`CREATE TABLE IF NOT EXISTS build_cache (
      key TEXT PRIMARY KEY, layers TEXT NOT NULL, description TEXT NOT NULL,
      created INTEGER NOT NULL, used INTEGER NOT NULL, uses INTEGER NOT NULL, boot TEXT NOT NULL
    ) STRICT`);
    const thisBoot = `${bootId}#%`;
    db.query("DELETE FROM build_cache WHERE boot <> '' AND boot NOT LIKE ?").run(thisBoot);
    db.query("UPDATE build_cache SET boot = ? WHERE boot LIKE ?").run(`${bootId}#0`, thisBoot);
    const rows = db.query<Row, []>("SELECT key, layers, description, created, used, uses FROM build_cache").all();
    for (const row of rows) this.#records.set(row.key, toRecord(row));
    let marks = 0;
    const put = db.query(
      "INSERT INTO build_cache (key, layers, description, created, used, uses, boot) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET layers = excluded.layers, used = excluded.used, boot = excluded.boot",
    );
    const touch = db.query("UPDATE build_cache SET used = ?, uses = ? WHERE key = ?");
    const remove = db.query("DELETE FROM build_cache WHERE key = ?");
    const settle = db.query("UPDATE build_cache SET boot = '' WHERE boot = ?");
    this.#put = ({ key, layers, description, createdAt, lastUsedAt, uses }) =>
      void put.run(key, layers.join(" "), description, Math.round(createdAt), Math.round(lastUsedAt), uses, this.#mark);
    this.#touch = ({ key, lastUsedAt, uses }) => void touch.run(Math.round(lastUsedAt), uses, key);
    this.#delete = (key) => void remove.run(key);
    this.#settle = (mark) => void settle.run(mark);
    this.#nextMark = () => `${bootId}#${++marks}`;
    this.#mark = `${bootId}#0`;
  }

  /** Counts as a use. */
  take(key: string): Tree | undefined {
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    const used = { ...record, lastUsedAt: Date.now(), uses: record.uses + 1 };
    this.#records.set(key, used);
    this.#touch(used);
    return { layers: record.layers };
  }

  put(key: string, { layers }: Tree, description: string): void {
    const now = Date.now();
    const record = { key, layers, description, createdAt: now, lastUsedAt: now, uses: 1 };
    this.#records.set(key, record);
    this.#put(record);
    this.#hasUnsettled = true;
  }

  delete(key: string): void {
    this.#records.delete(key);
    this.#delete(key);
  }

  all(): CacheRecord[] {
    return [...this.#records.values()];
  }

  /** Every layer that some record needs. */
  layers(): Set<LayerId> {
    return new Set(this.all().flatMap(({ layers }) => layers));
  }

  /** Something was recorded since the last mark. */
  get hasUnsettled(): boolean {
    return this.#hasUnsettled;
  }

  /** Ends what `settled` will be about: whatever is recorded from now on belongs to the next mark. */
  mark(): string {
    const mark = this.#mark;
    this.#mark = this.#nextMark();
    this.#hasUnsettled = false;
    return mark;
  }

  /** Everything recorded until the mark was taken is on disk, whatever happens to the power. */
  settled(mark: string): void {
    this.#settle(mark);
  }
}

function toRecord({ key, layers, description, created, used, uses }: Row): CacheRecord {
  const ids = layers === "" ? [] : (layers.split(" ") as LayerId[]);
  return { key, layers: ids, description, createdAt: created, lastUsedAt: used, uses };
}
