/** Files of containers: HEAD, GET and PUT /containers/{id}/archive, /changes and /export. */
import { PATH_STAT_HEADER, type PathStat } from "../../wire/archive.ts";
import { type Answer, empty, json } from "../answer.ts";
import type { ArchiveBackend } from "../backend.ts";
import type { Call, Route } from "../router.ts";

const TAR_TYPE = "application/x-tar";

export function archiveRoutes(backend: ArchiveBackend): Route[] {
  return [
    { method: "HEAD", pattern: "/containers/{name}/archive", handle: (call) => stat(backend, call) },
    { method: "GET", pattern: "/containers/{name}/archive", handle: (call) => read(backend, call) },
    { method: "PUT", pattern: "/containers/{name}/archive", handle: (call) => extract(backend, call) },
    { method: "GET", pattern: "/containers/{name}/changes", handle: (call) => changes(backend, call) },
    { method: "GET", pattern: "/containers/{name}/export", handle: (call) => exportTree(backend, call) },
  ];
}

function statHeader(stat: PathStat): readonly [string, string] {
  return [PATH_STAT_HEADER, Buffer.from(JSON.stringify(stat)).toString("base64")];
}

async function stat(backend: ArchiveBackend, { name, request: { query } }: Call): Promise<Answer> {
  const header = statHeader(await backend.stat(name, query.text("path")));
  return { kind: "whole", status: 200, headers: [header], body: new Uint8Array() };
}

async function read(backend: ArchiveBackend, { name, request: { query } }: Call): Promise<Answer> {
  const { stat, tar } = await backend.read(name, query.text("path"));
  return { ...tar, kind: "stream", status: 200, headers: [["Content-Type", TAR_TYPE], statHeader(stat)] };
}

async function extract(backend: ArchiveBackend, { name, request }: Call): Promise<Answer> {
  const { query } = request;
  await backend.extract(name, query.text("path"), {
    archive: request,
    keepKinds: query.bool("noOverwriteDirNonDir"),
    ownedByUser: query.bool("copyUIDGID"),
  });
  return empty(200);
}

async function changes(backend: ArchiveBackend, { name }: Call): Promise<Answer> {
  const changes = await backend.changes(name);
  return json(200, changes.length === 0 ? null : changes);
}

async function exportTree(backend: ArchiveBackend, { name }: Call): Promise<Answer> {
  const tree = await backend.export(name);
  return { ...tree, kind: "stream", status: 200, headers: [["Content-Type", "application/octet-stream"]] };
}
