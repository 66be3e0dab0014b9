/** What images came as: kept byte by byte, found both ways, and forgotten with the last image. */

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createImageContent, type ImageContent, migrateContent, toDocument } from "./content.ts";
import { digestOf } from "./digest.ts";
import { createImageRecords, migrateImageRecords } from "./records.ts";
import type { Digest } from "./reference.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
const image = digestOf("image");
const layer = digestOf("layer");

let db: Database;
let content: ImageContent;
const addImage = (id: Digest): void =>
  createImageRecords(db).putImage({ id, document: "{}", layers: [], parent: "", lastTaggedAt: "" });

beforeEach(() => {
  db = new Database(":memory:", { strict: true });
  db.run("PRAGMA foreign_keys = ON");
  migrateImageRecords(db);
  migrateContent(db);
  content = createImageContent(db);
});
afterEach(() => db.close());

describe("documents", () => {
  // Bytes that no JSON library would write: order, blanks and the missing newline belong to the digest.
  const manifest = toDocument(MANIFEST, Buffer.from('{ "z":1,"a" :[ ]}\n\n'));
  const index = toDocument(INDEX, Buffer.from('{"manifests":[]}'));

  test("come back byte by byte, what was attached last before the others", () => {
    addImage(image);
    content.attach(image, [manifest, index]);
    content.attach(image, [manifest]);
    expect(content.documentsOf(image).map(({ digest, mediaType }) => [digest, mediaType])).toEqual([
      [manifest.digest, MANIFEST],
      [index.digest, INDEX],
    ]);
    expect(Buffer.from(content.document(manifest.digest)?.bytes ?? [])).toEqual(Buffer.from(manifest.bytes));
  });

  test("go with the last image that has them", () => {
    const other = digestOf("other");
    addImage(image);
    addImage(other);
    content.attach(image, [manifest, index]);
    content.attach(other, [index]);
    createImageRecords(db).deleteImage(image);
    content.collect(new Set());
    expect(content.document(manifest.digest)).toBeUndefined();
    expect(content.document(index.digest)?.mediaType).toBe(INDEX);
  });

  test("of an image that does not exist are refused", () => {
    expect(() => content.attach(image, [manifest])).toThrow();
    expect(content.document(manifest.digest)).toBeUndefined();
  });
});

describe("blobs", () => {
  const blob = { digest: digestOf("gzip"), mediaType: GZIP, sizeBytes: 5 };
  const newer = { digest: digestOf("zstd"), mediaType: `${GZIP}2`, sizeBytes: 4 };

  test("are found from the layer, the newest first, and the layer from them", () => {
    content.putBlob(layer, blob);
    content.putBlob(layer, newer);
    content.putBlob(layer, blob);
    expect(content.blobsOf(layer)).toEqual([newer, blob]);
    expect(content.diffIdOf(blob.digest)).toBe(layer);
    expect(content.diffIdOf(layer)).toBeUndefined();
  });

  test("remember the repositories that have them until a registry denies it", () => {
    content.putBlob(layer, blob);
    content.putRepository(blob.digest, "docker.io/library/a");
    content.putRepository(blob.digest, "docker.io/library/b");
    expect(content.repositoriesOf(blob.digest)).toEqual(["docker.io/library/b", "docker.io/library/a"]);
    content.dropRepository(blob.digest, "docker.io/library/b");
    expect(content.repositoriesOf(blob.digest)).toEqual(["docker.io/library/a"]);
  });

  test("remember no more than the fifty newest", () => {
    content.putBlob(layer, blob);
    for (let at = 0; at < 60; at++) content.putRepository(blob.digest, `r/${at}`);
    const kept = content.repositoriesOf(blob.digest);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([50, "r/59", "r/10"]);
  });

  test("are forgotten, with their repositories, once no image has the layer", () => {
    content.putBlob(layer, blob);
    content.putRepository(blob.digest, "docker.io/library/a");
    content.collect(new Set([layer]));
    expect(content.blobsOf(layer)).toEqual([blob]);
    content.collect(new Set());
    expect(content.blobsOf(layer)).toEqual([]);
    content.putBlob(layer, blob);
    expect(content.repositoriesOf(blob.digest)).toEqual([]);
  });
});
