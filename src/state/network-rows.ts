/** Network records in the database. Documents are JSON that only this engine writes. */
import type { Database } from "bun:sqlite";
import type { NetworkRecord } from "./network-record.ts";

export interface NetworkRows {
  all(): NetworkRecord[];
  insert(record: NetworkRecord): void;
  delete(id: string): void;
}

export function createNetworkRows(db: Database): NetworkRows {
  const all = db.query<{ doc: string }, []>("SELECT doc FROM networks");
  const insert = db.query("INSERT INTO networks (id, name, doc) VALUES (?, ?, ?)");
  const remove = db.query("DELETE FROM networks WHERE id = ?");
  return {
    all: () => all.all().map((row) => JSON.parse(row.doc)),
    insert: (record) => void insert.run(record.id, record.name, JSON.stringify(record)),
    delete: (id) => void remove.run(id),
  };
}
