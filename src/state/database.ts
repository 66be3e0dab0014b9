/** The engine's SQLite database: one file, WAL, migrated forward at open. Losing power may lose the last moments, never consistency. */
import { Database } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";

/** Each entry takes the schema from version i to i + 1. Entries are only ever added. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE containers (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, spec TEXT NOT NULL) STRICT;
   CREATE TABLE states (container TEXT PRIMARY KEY REFERENCES containers(id) ON DELETE CASCADE, state TEXT NOT NULL) STRICT;
   CREATE TABLE execs (id TEXT PRIMARY KEY, container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE, doc TEXT NOT NULL) STRICT;`,
  `CREATE TABLE networks (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, doc TEXT NOT NULL) STRICT;
   CREATE TABLE volumes (name TEXT PRIMARY KEY, doc TEXT NOT NULL) STRICT;`,
];

/** Opens (making it when missing) and migrates. Throws when the file was written by a newer tare. */
export function openDatabase(path: string): Database {
  // SQLite would make it readable by all; it holds the environments of containers. Its other files take this one's mode.
  closeSync(openSync(path, "a", 0o600));
  const db = new Database(path, { create: true, strict: true });
  // One engine per root: whoever holds its lock needs no other, and saves some forty calls a transaction.
  db.run("PRAGMA locking_mode = EXCLUSIVE");
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = NORMAL");
  db.run("PRAGMA foreign_keys = ON");
  const row = db.query<{ user_version: number }, []>("PRAGMA user_version").get();
  const version = row?.user_version ?? 0;
  if (version > MIGRATIONS.length) {
    db.close();
    throw new Error(
      `${path} has schema version ${version}, this engine knows up to ${MIGRATIONS.length}: use a newer tare`,
    );
  }
  db.transaction(() => {
    for (const migration of MIGRATIONS.slice(version)) db.run(migration);
    db.run(`PRAGMA user_version = ${MIGRATIONS.length}`);
  })();
  return db;
}
