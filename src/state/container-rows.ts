/** Container and exec records in the database. Documents are JSON that only this engine writes. */
import type { Database } from "bun:sqlite";
import type { ContainerId } from "../base/ids.ts";
import { type ContainerRecord, type ContainerSpec, type ContainerState, INITIAL_STATE } from "./container-record.ts";
import type { ExecRecord } from "./exec-record.ts";

export interface ContainerRows {
  all(): ContainerRecord[];
  insert(record: ContainerRecord): void;
  setState(id: ContainerId, state: ContainerState): void;
  setSpec(id: ContainerId, spec: ContainerSpec): void;
  setName(id: ContainerId, name: string): void;
  /** Takes the container's exec records along. */
  delete(id: ContainerId): void;
  allExecs(): ExecRecord[];
  putExec(record: ExecRecord): void;
  deleteExec(id: string): void;
}

export function createContainerRows(db: Database): ContainerRows {
  const all = db.query<{ name: string; spec: string; state: string }, []>(
    "SELECT name, spec, state FROM containers JOIN states ON container = id",
  );
  const insert = db.query("INSERT INTO containers (id, name, spec) VALUES (?, ?, ?)");
  const insertState = db.query("INSERT INTO states (container, state) VALUES (?, ?)");
  // Apart from the specification, which is larger and hardly ever changes.
  const setState = db.query("UPDATE states SET state = ? WHERE container = ?");
  const setSpec = db.query("UPDATE containers SET spec = ? WHERE id = ?");
  const setName = db.query("UPDATE containers SET name = ? WHERE id = ?");
  const remove = db.query("DELETE FROM containers WHERE id = ?");
  const allExecs = db.query<{ doc: string }, []>("SELECT doc FROM execs");
  const putExec = db.query(
    "INSERT INTO execs (id, container, doc) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc",
  );
  const deleteExec = db.query("DELETE FROM execs WHERE id = ?");
  return {
    // A record may be older than one of a state's fields.
    all: () =>
      all.all().map((row) => ({
        name: row.name,
        spec: JSON.parse(row.spec),
        state: { ...INITIAL_STATE, ...JSON.parse(row.state) },
      })),
    insert: db.transaction(({ name, spec, state }: ContainerRecord) => {
      insert.run(spec.id, name, JSON.stringify(spec));
      insertState.run(spec.id, JSON.stringify(state));
    }),
    setState: (id, state) => void setState.run(JSON.stringify(state), id),
    setSpec: (id, spec) => void setSpec.run(JSON.stringify(spec), id),
    setName: (id, name) => void setName.run(name, id),
    delete: (id) => void remove.run(id),
    allExecs: () => allExecs.all().map((row) => JSON.parse(row.doc)),
    putExec: (record) => void putExec.run(record.id, record.container, JSON.stringify(record)),
    deleteExec: (id) => void deleteExec.run(id),
  };
}
