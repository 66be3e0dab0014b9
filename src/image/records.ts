/** Image records in the engine's database: the configuration documents, what their layers weigh, and the names they go by. */
import type { Database } from "bun:sqlite";
import { type Digest, parseDigest } from "./reference.ts";

export interface LayerRecord {
  readonly diffId: Digest;
  /** What the layer adds, as Docker counts. */
  readonly sizeBytes: number;
}

export interface ImageRecord {
  readonly id: Digest;
  /** The configuration document's exact text. */
  readonly document: string;
  /** The lowest first, as in the document. */
  readonly layers: readonly LayerRecord[];
  /** Id of the image this one was built on, or "". */
  readonly parent: string;
  /** RFC 3339; Go's zero time when it never had a name. */
  readonly lastTaggedAt: string;
}

interface NameRecord {
  /** Canonical, such as "docker.io/library/busybox:latest". */
  readonly name: string;
  readonly id: Digest;
}

export interface ImageRecords {
  images(): ImageRecord[];
  names(): NameRecord[];
  putImage(record: ImageRecord): void;
  /** Its names go with it. */
  deleteImage(id: Digest): void;
  /** Takes the name away from whatever image had it. */
  putName(record: NameRecord): void;
  deleteName(name: string): void;
  /** All of `change` or nothing of it. */
  atomically(change: () => void): void;
}

export function migrateImageRecords(db: Database): void {
  db.run(`CREATE TABLE IF NOT EXISTS images (
    id TEXT PRIMARY KEY, document TEXT NOT NULL, layers TEXT NOT NULL, parent TEXT NOT NULL, last_tagged_at TEXT NOT NULL
  ) STRICT`);
  db.run(`CREATE TABLE IF NOT EXISTS image_names (
    name TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE
  ) STRICT`);
}

interface ImageRow {
  id: string;
  document: string;
  /** "<diff id> <bytes>" a line. */
  layers: string;
  parent: string;
  last_tagged_at: string;
}

const writeLayers = (layers: readonly LayerRecord[]): string =>
  layers.map(({ diffId, sizeBytes }) => `${diffId} ${sizeBytes}`).join("\n");

const readLayers = (text: string): LayerRecord[] =>
  text.split("\n").flatMap((line) => {
    const [diffId, sizeBytes] = line.split(" ");
    return diffId === undefined || diffId === "" ? [] : [{ diffId: parseDigest(diffId), sizeBytes: Number(sizeBytes) }];
  });

const fromRow = (row: ImageRow): ImageRecord => ({
  id: parseDigest(row.id),
  document: row.document,
  layers: readLayers(row.layers),
  parent: row.parent,
  lastTaggedAt: row.last_tagged_at,
});

/** The tables must exist: see `migrateImageRecords`. Foreign keys must be enforced. */
export function createImageRecords(db: Database): ImageRecords {
  const allImages = db.query<ImageRow, []>("SELECT * FROM images");
  const allNames = db.query<{ name: string; image: string }, []>("SELECT * FROM image_names");
  const putImage = db.query(
    `INSERT INTO images VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
     layers = excluded.layers, parent = excluded.parent, last_tagged_at = excluded.last_tagged_at`,
  );
  const putName = db.query(
    "INSERT INTO image_names VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET image = excluded.image",
  );
  const deleteImage = db.query("DELETE FROM images WHERE id = ?");
  const deleteName = db.query("DELETE FROM image_names WHERE name = ?");
  return {
    images: () => allImages.all().map(fromRow),
    names: () => allNames.all().map(({ name, image }) => ({ name, id: parseDigest(image) })),
    putImage: ({ id, document, layers, parent, lastTaggedAt }) => {
      putImage.run(id, document, writeLayers(layers), parent, lastTaggedAt);
    },
    deleteImage: (id) => {
      deleteImage.run(id);
    },
    putName: ({ name, id }) => {
      putName.run(name, id);
    },
    deleteName: (name) => {
      deleteName.run(name);
    },
    atomically: (change) => db.transaction(change)(),
  };
}
