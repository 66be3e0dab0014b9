/** What is known of the layers of the build store, in the engine's database. */
import type { Database } from "bun:sqlite";
import type { LayerId } from "../tree.ts";

export interface LayerRow {
  readonly id: LayerId;
  /** The layer of images that it has become, or "". */
  readonly diffId: string;
  /** Bytes on disk; -1 until somebody asks. */
  readonly sizeBytes: number;
}

export interface LayerRecords {
  all(): LayerRow[];
  put(row: LayerRow): void;
  delete(id: LayerId): void;
}

export function createLayerRecords(db: Database): LayerRecords {
  db.run(`CREATE TABLE IF NOT EXISTS build_layers (
    id TEXT PRIMARY KEY, diff_id TEXT NOT NULL, size INTEGER NOT NULL
  ) STRICT`);
  const all = db.query<{ id: LayerId; diffId: string; sizeBytes: number }, []>(
    "SELECT id, diff_id AS diffId, size AS sizeBytes FROM build_layers",
  );
  const put = db.query(
    "INSERT INTO build_layers (id, diff_id, size) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET diff_id = excluded.diff_id, size = excluded.size",
  );
  const remove = db.query("DELETE FROM build_layers WHERE id = ?");
  return {
    all: () => all.all(),
    put: ({ id, diffId, sizeBytes }) => void put.run(id, diffId, sizeBytes),
    delete: (id) => void remove.run(id),
  };
}
