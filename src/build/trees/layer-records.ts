/** What is known of the layers of the build store, in the engine's database. */
import type { Database } from "bun:sqlite";
import { type Digest, parseDigest } from "../../image/reference.ts";
import type { LayerId } from "../tree.ts";

export interface LayerRow {
  readonly id: LayerId;
  /** The layer of images that it has become, or "". */
  readonly diffId: string;
  /** Bytes on disk; -1 until somebody asks. */
  readonly sizeBytes: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export interface LayerRecords {
  all(): LayerRow[];
  put(row: LayerRow): void;
  delete(id: LayerId): void;
}

export function createLayerRecords(db: Database): LayerRecords {
  db.run(`CREATE TABLE IF NOT EXISTS build_layers (
    id TEXT PRIMARY KEY, diff_id TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL
  ) STRICT`);
  const all = db.query<{ id: LayerId; diffId: string; sizeBytes: number; createdAt: number }, []>(
    "SELECT id, diff_id AS diffId, size AS sizeBytes, created AS createdAt FROM build_layers",
  );
  const put = db.query(
    "INSERT INTO build_layers (id, diff_id, size, created) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET diff_id = excluded.diff_id, size = excluded.size",
  );
  const remove = db.query("DELETE FROM build_layers WHERE id = ?");
  return {
    all: () => all.all(),
    put: ({ id, diffId, sizeBytes, createdAt }) => void put.run(id, diffId, sizeBytes, createdAt),
    delete: (id) => void remove.run(id),
  };
}

/** Keeps the image layers that builds have become, before the image store is swept: the build room itself is opened much later. */
export function pinBuildLayers(db: Database, pin: (digests: Digest[]) => () => void): Map<LayerId, () => void> {
  const rows = createLayerRecords(db)
    .all()
    .filter(({ diffId }) => diffId !== "");
  return new Map(rows.map(({ id, diffId }) => [id, pin([parseDigest(diffId)])]));
}
