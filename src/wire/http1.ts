/** HTTP/1.1 message heads (RFC 9112), parsed strictly within bounds and written without surprises; shared by client and edge. */
import { asBuffer, latin1Bytes } from "../base/bytes.ts";

/** Lower-case names. A field that came several times has its values joined by ", ". */
export type HeaderMap = ReadonlyMap<string, string>;

export interface RequestHead {
  readonly method: string;
  /** As it stands on the request line, path and query. */
  readonly target: string;
  /** 0 or 1: HTTP/1.<minor>. */
  readonly minor: number;
  readonly headers: HeaderMap;
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly minor: number;
  readonly headers: HeaderMap;
}

/** How the end of a body is known. */
export type Framing =
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "untilClose" };

/** The peer does not speak HTTP/1.1, or tries to be clever with it. */
export class HttpError extends Error {
  override readonly name = "HttpError";
}

export const MAX_HEAD_BYTES = 64 * 1024;
const MAX_FIELDS = 200;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Fields that decide where a message ends or whom it is for: two of them is an attack or a bug. */
const SINGULAR = new Set(["content-length", "transfer-encoding", "host"]);

/** Parses everything up to and including the empty line. */
export function parseRequestHead(bytes: Uint8Array): RequestHead {
  const [line = "", ...fields] = headLines(bytes);
  const match = REQUEST_LINE.exec(line);
  if (match === null) throw new HttpError("malformed request line");
  const [, method = "", target = "", minor] = match;
  return { method, target, minor: Number(minor), headers: parseFields(fields) };
}

/** Parses everything up to and including the empty line. */
export function parseResponseHead(bytes: Uint8Array): ResponseHead {
  const [line = "", ...fields] = headLines(bytes);
  const match = STATUS_LINE.exec(line);
  if (match === null) throw new HttpError("malformed status line");
  const [, minor, status, reason = ""] = match;
  return { status: Number(status), reason, minor: Number(minor), headers: parseFields(fields) };
}

function headLines(bytes: Uint8Array): string[] {
  const text = asBuffer(bytes).toString("latin1");
  if (!text.endsWith("\r\n\r\n")) throw new HttpError("truncated message head");
  return text.slice(0, -4).split("\r\n");
}

function parseFields(lines: readonly string[]): HeaderMap {
  if (lines.length > MAX_FIELDS) throw new HttpError("too many header fields");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = withoutOuterSpace(line.slice(colon + 1));
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value)) throw new HttpError("malformed header field");
    const before = headers.get(name);
    if (before !== undefined && SINGULAR.has(name)) throw new HttpError(`repeated ${name} header`);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** By hand, as every command line parses an answer and a regular expression takes longer to compile. */
function withoutOuterSpace(text: string): string {
  let [start, end] = [0, text.length];
  while (isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

const isSpace = (char: string | undefined): boolean => char === " " || char === "\t";

/** A request without length or encoding has no body. */
export function requestFraming(head: RequestHead): Framing {
  return statedFraming(head.headers) ?? { kind: "length", bytes: 0 };
}

/** A response without length or encoding lasts until the connection closes, unless its kind has no body at all. */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const bodiless = method === "HEAD" || head.status < 200 || head.status === 204 || head.status === 304;
  if (bodiless) return { kind: "length", bytes: 0 };
  return statedFraming(head.headers) ?? { kind: "untilClose" };
}

function statedFraming(headers: HeaderMap): Framing | undefined {
  const encoding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (encoding !== undefined) {
    if (length !== undefined) throw new HttpError("both content-length and transfer-encoding");
    if (encoding.toLowerCase() !== "chunked") throw new HttpError(`unsupported transfer-encoding "${encoding}"`);
    return { kind: "chunked" };
  }
  if (length === undefined) return undefined;
  if (!/^\d{1,15}$/.test(length)) throw new HttpError("malformed content-length");
  return { kind: "length", bytes: Number(length) };
}

/** True when the comma-separated field lists the token, in any case: `hasToken(headers, "connection", "upgrade")`. */
export function hasToken(headers: HeaderMap, name: string, token: string): boolean {
  const items = headers.get(name)?.toLowerCase().split(",") ?? [];
  return items.some((item) => item.trim() === token);
}

/** Whether the connection may carry another message after this one. */
export function keepsAlive(head: RequestHead | ResponseHead): boolean {
  return head.minor === 1
    ? !hasToken(head.headers, "connection", "close")
    : hasToken(head.headers, "connection", "keep-alive");
}

export type HeaderFields = Iterable<readonly [name: string, value: string]>;

/** Throws when a part would break out of its place, so that no caller's text becomes a second header. */
export function writeRequestHead(method: string, target: string, headers: HeaderFields): Uint8Array {
  const line = `${method} ${target} HTTP/1.1`;
  if (!REQUEST_LINE.test(line)) throw new HttpError("malformed request line");
  return writeHead(line, headers);
}

export function writeResponseHead(status: number, reason: string, headers: HeaderFields): Uint8Array {
  const line = `HTTP/1.1 ${status} ${reason}`;
  if (!STATUS_LINE.test(line)) throw new HttpError("malformed status line");
  return writeHead(line, headers);
}

function writeHead(firstLine: string, headers: HeaderFields): Uint8Array {
  let text = `${firstLine}\r\n`;
  for (const [name, value] of headers) {
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value)) throw new HttpError(`malformed ${name} header`);
    text += `${name}: ${value}\r\n`;
  }
  return latin1Bytes(`${text}\r\n`);
}
