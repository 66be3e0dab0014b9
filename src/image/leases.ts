/**
 * Layers of pulls that have not come to their end yet: kept from collection for some days, over restarts too, so that the next pull of
 * the image goes on where this one was cut.
 */
import type { Database } from "bun:sqlite";
import type { LayerStore } from "./layers/layer-store.ts";
import { type Digest, parseDigest } from "./reference.ts";

export interface LayerLeases {
  /** What a leased layer weighs; undefined when it is not leased. */
  sizeOf(diffId: Digest): number | undefined;
  put(diffId: Digest, sizeBytes: number): void;
  /** An image has them now, or nobody wants them. What nothing else keeps goes with the next collection. */
  drop(diffIds: readonly Digest[]): void;
  all(): Digest[];
}

const LEASE_MS = 7 * 24 * 60 * 60 * 1000;

export function migrateLeases(db: Database): void {
  db.run(
    "CREATE TABLE IF NOT EXISTS layer_leases (diff_id TEXT PRIMARY KEY, size INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT",
  );
}

/** Pins the layers that are still leased. To be called before anything is collected. The table must exist: see `migrateLeases`. */
export function openLeases(db: Database, layers: Pick<LayerStore, "pin">): LayerLeases {
  db.run("DELETE FROM layer_leases WHERE expires_at < ?", [Date.now()]);
  const held = new Map<Digest, { readonly sizeBytes: number; readonly unpin: () => void }>();
  const hold = (diffId: Digest, sizeBytes: number): void => {
    held.get(diffId)?.unpin();
    held.set(diffId, { sizeBytes, unpin: layers.pin([diffId]) });
  };
  for (const { diff_id, size } of db.query<{ diff_id: string; size: number }, []>("SELECT * FROM layer_leases").all()) {
    hold(parseDigest(diff_id), size);
  }
  const put = db.query("INSERT OR REPLACE INTO layer_leases VALUES (?, ?, ?)");
  const drop = db.query("DELETE FROM layer_leases WHERE diff_id = ?");
  return {
    sizeOf: (diffId) => held.get(diffId)?.sizeBytes,
    put: (diffId, sizeBytes) => {
      put.run(diffId, sizeBytes, Date.now() + LEASE_MS);
      hold(diffId, sizeBytes);
    },
    drop: (diffIds) => {
      for (const diffId of diffIds) {
        if (!held.has(diffId)) continue;
        drop.run(diffId);
        held.get(diffId)?.unpin();
        held.delete(diffId);
      }
    },
    all: () => [...held.keys()],
  };
}
