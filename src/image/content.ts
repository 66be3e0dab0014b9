/**
 * What images came as: manifests and indexes, kept as the exact bytes that their digests are of, which images they describe, and the
 * compressed blobs that a layer is known as, with the repositories that have them. Push and save give the same digests out again;
 * nothing here is needed to run a container.
 */
import type { Database } from "bun:sqlite";
import { digestOf } from "./digest.ts";
import { type Digest, parseDigest } from "./reference.ts";

/** A manifest or an index. */
export interface StoredDocument {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A layer as a registry or an archive has it. */
export interface LayerBlob {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** A blob has been seen in at most this many repositories; the oldest sightings are forgotten. */
const MAX_REPOSITORIES = 50;

export interface ImageContent {
  document(digest: Digest): StoredDocument | undefined;
  /** The documents an image came with, its manifests and the indexes that lead to them; what was attached last comes first. */
  documentsOf(imageId: Digest): StoredDocument[];
  /** Keeps documents as long as the image. The image is in the catalog already. Idempotent. */
  attach(imageId: Digest, documents: readonly StoredDocument[]): void;
  /** The newest first. */
  blobsOf(diffId: Digest): LayerBlob[];
  /** The layer that a blob holds, if it is known. */
  diffIdOf(blob: Digest): Digest | undefined;
  /** To be called once the layer's image is in the catalog: what no image has is forgotten. Idempotent. */
  putBlob(diffId: Digest, blob: LayerBlob): void;
  /** Canonical, such as "docker.io/library/busybox"; the newest first. */
  repositoriesOf(blob: Digest): string[];
  putRepository(blob: Digest, repository: string): void;
  /** The registry says it no longer has it. */
  dropRepository(blob: Digest, repository: string): void;
  /** Forgets documents without an image and blobs of other layers than these. */
  collect(layers: ReadonlySet<Digest>): void;
}

export function toDocument(mediaType: string, bytes: Uint8Array): StoredDocument {
  return { digest: digestOf(bytes), mediaType, bytes };
}

/** The table of images must exist. */
export function migrateContent(db: Database): void {
  db.run(
    "CREATE TABLE IF NOT EXISTS documents (digest TEXT PRIMARY KEY, media_type TEXT NOT NULL, bytes BLOB NOT NULL) STRICT",
  );
  db.run(`CREATE TABLE IF NOT EXISTS image_documents (
    image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE, document TEXT NOT NULL REFERENCES documents(digest),
    PRIMARY KEY (image, document)
  ) STRICT`);
  db.run(`CREATE TABLE IF NOT EXISTS layer_blobs (
    digest TEXT PRIMARY KEY, diff_id TEXT NOT NULL, media_type TEXT NOT NULL, size INTEGER NOT NULL
  ) STRICT`);
  db.run("CREATE INDEX IF NOT EXISTS layer_blobs_by_layer ON layer_blobs (diff_id)");
  db.run(`CREATE TABLE IF NOT EXISTS blob_repositories (
    digest TEXT NOT NULL REFERENCES layer_blobs(digest) ON DELETE CASCADE, repository TEXT NOT NULL,
    PRIMARY KEY (digest, repository)
  ) STRICT`);
}

interface DocumentRow {
  digest: string;
  media_type: string;
  bytes: Uint8Array;
}

interface BlobRow {
  digest: string;
  media_type: string;
  size: number;
}

const toStored = (row: DocumentRow): StoredDocument => ({
  digest: parseDigest(row.digest),
  mediaType: row.media_type,
  bytes: row.bytes,
});

const toBlob = (row: BlobRow): LayerBlob => ({
  digest: parseDigest(row.digest),
  mediaType: row.media_type,
  sizeBytes: row.size,
});

/** The tables must exist: see `migrateContent`. Foreign keys must be enforced. */
export function createImageContent(db: Database): ImageContent {
  return { ...documents(db), ...blobs(db), ...repositories(db), collect: (layers) => collect(db, layers) };
}

function documents(db: Database): Pick<ImageContent, "document" | "documentsOf" | "attach"> {
  const one = db.query<DocumentRow, [string]>("SELECT * FROM documents WHERE digest = ?");
  const ofImage = db.query<DocumentRow, [string]>(
    `SELECT documents.* FROM image_documents JOIN documents ON digest = document WHERE image = ? ORDER BY image_documents.rowid DESC`,
  );
  const put = db.query("INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
  const link = db.query("INSERT OR REPLACE INTO image_documents VALUES (?, ?)");
  return {
    document: (digest) => {
      const row = one.get(digest);
      return row === null ? undefined : toStored(row);
    },
    documentsOf: (imageId) => ofImage.all(imageId).map(toStored),
    attach: db.transaction((imageId: Digest, attached: readonly StoredDocument[]) => {
      for (const { digest, mediaType, bytes } of attached) {
        put.run(digest, mediaType, bytes);
        link.run(imageId, digest);
      }
    }),
  };
}

function blobs(db: Database): Pick<ImageContent, "blobsOf" | "diffIdOf" | "putBlob"> {
  const ofLayer = db.query<BlobRow, [string]>(
    "SELECT digest, media_type, size FROM layer_blobs WHERE diff_id = ? ORDER BY rowid DESC",
  );
  const layerOf = db.query<{ diff_id: string }, [string]>("SELECT diff_id FROM layer_blobs WHERE digest = ?");
  const put = db.query("INSERT INTO layer_blobs VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
  return {
    blobsOf: (diffId) => ofLayer.all(diffId).map(toBlob),
    diffIdOf: (blob) => {
      const row = layerOf.get(blob);
      return row === null ? undefined : parseDigest(row.diff_id);
    },
    putBlob: (diffId, { digest, mediaType, sizeBytes }) => void put.run(digest, diffId, mediaType, sizeBytes),
  };
}

function repositories(db: Database): Pick<ImageContent, "repositoriesOf" | "putRepository" | "dropRepository"> {
  const of = db.query<{ repository: string }, [string]>(
    "SELECT repository FROM blob_repositories WHERE digest = ? ORDER BY rowid DESC",
  );
  const put = db.query(
    "INSERT INTO blob_repositories SELECT digest, ? FROM layer_blobs WHERE digest = ? ON CONFLICT DO NOTHING",
  );
  const trim = db.query(
    `DELETE FROM blob_repositories WHERE digest = ?1 AND rowid NOT IN
     (SELECT rowid FROM blob_repositories WHERE digest = ?1 ORDER BY rowid DESC LIMIT ${MAX_REPOSITORIES})`,
  );
  const drop = db.query("DELETE FROM blob_repositories WHERE digest = ? AND repository = ?");
  return {
    repositoriesOf: (blob) => of.all(blob).map(({ repository }) => repository),
    putRepository: db.transaction((blob: Digest, repository: string) => {
      put.run(repository, blob);
      trim.run(blob);
    }),
    dropRepository: (blob, repository) => void drop.run(blob, repository),
  };
}

function collect(db: Database, layers: ReadonlySet<Digest>): void {
  db.transaction(() => {
    db.run("DELETE FROM documents WHERE digest NOT IN (SELECT document FROM image_documents)");
    const known = db.query<{ diff_id: string }, []>("SELECT DISTINCT diff_id FROM layer_blobs").all();
    const forget = db.query("DELETE FROM layer_blobs WHERE diff_id = ?");
    for (const { diff_id } of known) if (!layers.has(parseDigest(diff_id))) forget.run(diff_id);
  })();
}
