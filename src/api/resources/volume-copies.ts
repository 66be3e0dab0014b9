/** Volumes as wholes, which Docker's API does not have: clone, snapshots, restore, export, import. */
import { invalidParameter } from "../../base/errors.ts";
import { decodeVolumeCreate } from "../../wire/decode/volume.ts";
import type { ProgressLine } from "../../wire/image.ts";
import type { VolumeCreateRequest } from "../../wire/volume.ts";
import { type Answer, empty, json, jsonLines } from "../answer.ts";
import type { VolumeBackend } from "../backend.ts";
import { readJson } from "../body.ts";
import type { Call, Route } from "../router.ts";
import { primed } from "./primed.ts";

export function volumeCopyRoutes(backend: VolumeBackend): Route[] {
  return [
    { method: "POST", pattern: "/volumes/{name}/clone", handle: (call) => clone(backend, call) },
    { method: "GET", pattern: "/volumes/{name}/snapshots", handle: (call) => snapshots(backend, call) },
    { method: "POST", pattern: "/volumes/{name}/snapshots", handle: (call) => snapshot(backend, call) },
    { method: "DELETE", pattern: "/volumes/{name}/snapshots", handle: (call) => removeSnapshot(backend, call) },
    { method: "POST", pattern: "/volumes/{name}/restore", handle: (call) => restore(backend, call) },
    { method: "GET", pattern: "/volumes/{name}/export", handle: (call) => exportTar(backend, call) },
    { method: "POST", pattern: "/volumes/{name}/import", handle: (call) => importTar(backend, call) },
  ];
}

const told = async (lines: AsyncIterable<ProgressLine>): Promise<Answer> => jsonLines(await primed(lines));

async function clone(backend: VolumeBackend, { name, request }: Call): Promise<Answer> {
  return told(backend.clone(name, decodeVolumeCreate(await readJson(request)), request.signal));
}

async function snapshots(backend: VolumeBackend, { name }: Call): Promise<Answer> {
  return json(200, await backend.snapshots(name));
}

function snapshot(backend: VolumeBackend, { name, request: { query, signal } }: Call): Promise<Answer> {
  return told(backend.snapshot(name, query.text("snapshot"), signal));
}

async function removeSnapshot(backend: VolumeBackend, { name, request: { query } }: Call): Promise<Answer> {
  await backend.removeSnapshot(name, query.text("snapshot"));
  return empty(204);
}

function restore(backend: VolumeBackend, { name, request: { query, signal } }: Call): Promise<Answer> {
  return told(backend.restore(name, query.text("snapshot"), signal));
}

const RANGE = /^bytes=(\d{1,15})-$/;

/** `Range` with `If-Range` goes on with an export that was cut off, if the volume is still the same (RFC 9110, 14.2). */
async function exportTar(backend: VolumeBackend, { name, request: { headers, signal } }: Call): Promise<Answer> {
  const wanted = RANGE.exec(headers.get("range") ?? "")?.[1];
  const tag = /^"([0-9a-f]+)"$/.exec(headers.get("if-range") ?? "")?.[1] ?? "";
  const found = await backend.export(name, { from: Number(wanted ?? 0), tag, signal });
  return {
    kind: "stream",
    status: found.from > 0 ? 206 : 200,
    headers: [
      ["Content-Type", "application/x-tar"],
      ["ETag", `"${found.tag}"`],
      ["Accept-Ranges", "bytes"],
      ["Tare-Volume-Bytes", String(found.bytes)],
      ...(found.from > 0 ? ([["Content-Range", `bytes ${found.from}-*/*`]] as const) : []),
    ],
    ...found.tar,
  };
}

function importTar(backend: VolumeBackend, { name, request }: Call): Promise<Answer> {
  const { query, body, signal } = request;
  const wanted: VolumeCreateRequest = {
    Name: name,
    Driver: "",
    DriverOpts: null,
    Labels: labelsOf(query.all("label")),
  };
  return told(
    backend.import(wanted, {
      archive: body,
      totalBytes: query.int("bytes") ?? request.bodyBytes ?? 0,
      source: query.text("source"),
      replace: query.bool("replace"),
      signal,
    }),
  );
}

/** "name=value" each. */
function labelsOf(texts: readonly string[]): Record<string, string> | null {
  if (texts.length === 0) return null;
  return Object.fromEntries(
    texts.map((text) => {
      const [name = "", ...value] = text.split("=");
      if (name === "") throw invalidParameter(`invalid label '${text}': empty name`);
      return [name, value.join("=")];
    }),
  );
}
