/** Request bodies as handlers take them (moby daemon/server/httputils/httputils.go, ReadJSON). */
import { invalidParameter } from "../base/errors.ts";
import { collect } from "../wire/http1-body.ts";
import { parseJson } from "../wire/json.ts";
import type { Request } from "./http/message.ts";

const MAX_JSON_BYTES = 8 * 1024 * 1024;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const MEDIA_TYPE = new RegExp(`^(${TOKEN}(?:/${TOKEN})?)((?:\\s*;\\s*${TOKEN}=(?:${TOKEN}|"[^"]*"))*)\\s*;?\\s*$`);

/** The parsed body; undefined for an empty one. Throws invalidParameter for another content type or bad JSON. */
export async function readJson(request: Request): Promise<unknown> {
  const { bodyBytes } = request;
  const type = request.headers.get("content-type");
  if (type !== undefined || bodyBytes !== 0) checkJsonType(type ?? "");
  if (bodyBytes === 0) return undefined;
  const bytes = await collect(request.body, MAX_JSON_BYTES);
  return parseJson(new TextDecoder().decode(bytes));
}

/** The same, where an empty body is an error. */
export async function requireJson(request: Request): Promise<unknown> {
  const body = await readJson(request);
  return body === undefined ? parseJson("") : body;
}

function checkJsonType(header: string): void {
  const type = MEDIA_TYPE.exec(header)?.[1]?.toLowerCase();
  if (type === undefined) {
    const why = header === "" ? "no media type" : "invalid media parameter";
    throw invalidParameter(`malformed Content-Type header (${header}): mime: ${why}`);
  }
  if (type !== "application/json") {
    throw invalidParameter(`unsupported Content-Type header (${type}): must be 'application/json'`);
  }
}
