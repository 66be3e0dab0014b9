/** Volume records in the database. Documents are JSON that only this engine writes. */
import type { Database } from "bun:sqlite";
import type { VolumeRecord } from "./volume-record.ts";

export interface VolumeRows {
  all(): VolumeRecord[];
  put(record: VolumeRecord): void;
  delete(name: string): void;
}

export function createVolumeRows(db: Database): VolumeRows {
  const all = db.query<{ doc: string }, []>("SELECT doc FROM volumes");
  const put = db.query(
    "INSERT INTO volumes (name, doc) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET doc = excluded.doc",
  );
  const remove = db.query("DELETE FROM volumes WHERE name = ?");
  return {
    all: () => all.all().map(({ doc }) => JSON.parse(doc)),
    put: (record) => void put.run(record.name, JSON.stringify(record)),
    delete: (name) => void remove.run(name),
  };
}
