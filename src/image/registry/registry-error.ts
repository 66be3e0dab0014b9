/** What goes wrong between us and a registry: on the way (Go's net/http words, which Docker shows) or in its answer (its own words). */
import { EngineError, type ErrorKind } from "../../base/errors.ts";

export interface RegistryFailure {
  readonly message: string;
  /** HTTP status of the answer; undefined when none came. */
  readonly status?: number;
  /** Of the answer's first error, such as "MANIFEST_UNKNOWN". */
  readonly code?: string;
  /** Trying again may help. */
  readonly transient?: boolean;
  /** The registry asks to be left alone for so long. */
  readonly retryAfterMs?: number;
  readonly kind?: ErrorKind;
  /** What happened on the way, without the request it happened to. */
  readonly reason?: string;
}

export class RegistryError extends EngineError {
  readonly status: number | undefined;
  readonly code: string;
  readonly transient: boolean;
  readonly retryAfterMs: number | undefined;
  readonly reason: string | undefined;

  constructor(failure: RegistryFailure, options?: ErrorOptions) {
    super(failure.kind ?? "system", failure.message, options);
    this.status = failure.status;
    this.code = failure.code ?? "";
    this.transient = failure.transient ?? false;
    this.retryAfterMs = failure.retryAfterMs;
    this.reason = failure.reason;
  }
}

/** "Get", "Head", as Go writes methods in front of its errors. */
export const goVerb = (method: string): string => method.charAt(0) + method.slice(1).toLowerCase();

interface Cause {
  /** "%a" is the address, "%h" the host. */
  readonly text: string;
  readonly transient: boolean;
}

/** By the code of Bun's fetch. */
const CAUSES: Readonly<Record<string, Cause>> = {
  ECONNREFUSED: { text: "dial tcp %a: connect: connection refused", transient: false },
  ENOTFOUND: { text: "dial tcp: lookup %h: no such host", transient: false },
  EAI_AGAIN: { text: "dial tcp: lookup %h: Temporary failure in name resolution", transient: true },
  ECONNRESET: { text: "EOF", transient: true },
  EPIPE: { text: "write tcp %a: write: broken pipe", transient: true },
  ETIMEDOUT: { text: "dial tcp %a: i/o timeout", transient: true },
  EHOSTUNREACH: { text: "dial tcp %a: connect: no route to host", transient: false },
  ENETUNREACH: { text: "dial tcp %a: connect: network is unreachable", transient: false },
  EPROTO: { text: "remote error: tls: handshake failure", transient: false },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    text: "tls: failed to verify certificate: x509: certificate is not valid for %h",
    transient: false,
  },
  CERT_HAS_EXPIRED: {
    text: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
    transient: false,
  },
};
const UNTRUSTED: Cause = {
  text: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  transient: false,
};
const UNTRUSTED_CODES: readonly string[] = [
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
];

/** What fetch threw, in Go's words. Errors of ours (an aborted signal's reason, a limit) stay as they are. */
export function networkError(method: string, url: URL, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  if (error instanceof EngineError) return error;
  const code = error.code;
  const cause = UNTRUSTED_CODES.includes(code) ? UNTRUSTED : (CAUSES[code] ?? { text: code, transient: true });
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const reason = cause.text.replace("%a", `${url.hostname}:${port}`).replace("%h", url.hostname);
  const message = `${goVerb(method)} ${JSON.stringify(shownUrl(url))}: ${reason}`;
  return new RegistryError({ message, reason, transient: cause.transient, code }, { cause: error });
}

/** Without what signed addresses carry in their query. */
export function shownUrl(url: URL): string {
  return url.search === "" ? url.href : `${url.origin}${url.pathname}?…`;
}

const KINDS: Readonly<Record<number, ErrorKind>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "notFound",
  429: "tooManyRequests",
};

/** A token that is good, but not for this, is told of in the challenge (RFC 6750, 3.1). */
function scopeErrors(status: number, headers: Headers): ReportedError[] {
  const challenge = headers.get("www-authenticate") ?? "";
  if (status !== 401 || !/error="?insufficient_scope/.test(challenge)) return [];
  return [{ code: "DENIED", message: "requested access to the resource is denied" }];
}

interface ReportedError {
  readonly code: string;
  readonly message: string;
}

/** The error of an answer that says it failed; `body` is as much of it as was read. After distribution's client/errors.go. */
export function answerError(status: number, headers: Headers, body: string): RegistryError {
  const scoped = scopeErrors(status, headers);
  const reported = scoped.length > 0 ? scoped : reportedErrors(body);
  const [first] = reported;
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"));
  return new RegistryError({
    message: first === undefined ? unparsed(status, body) : describe(reported),
    status,
    code: first?.code ?? "",
    transient: status === 429 || status === 408 || (status >= 500 && status !== 501),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    kind: KINDS[status] ?? "system",
  });
}

/** "manifest unknown: manifest unknown": the code in words, then the registry's message. */
function describe(errors: readonly ReportedError[]): string {
  const lines = errors.map(({ code, message }) => {
    const words = code.toLowerCase().replaceAll("_", " ") || "unknown";
    return message === "" ? words : `${words}: ${message}`;
  });
  return lines.length === 1 ? (lines[0] ?? "") : `errors:\n${lines.join("\n")}\n`;
}

function unparsed(status: number, body: string): string {
  if (status === 401) return "unauthorized: authentication required";
  if (status === 429) return "toomanyrequests: too many requests";
  const text = body.trim().slice(0, 200);
  return `received unexpected HTTP status: ${status}${text === "" ? "" : `: ${JSON.stringify(text)}`}`;
}

function reportedErrors(body: string): ReportedError[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return [];
  }
  if (typeof parsed !== "object" || parsed === null) return [];
  if ("errors" in parsed && Array.isArray(parsed.errors)) return parsed.errors.slice(0, 16).flatMap(toReported);
  // What token servers answer.
  return "details" in parsed && typeof parsed.details === "string"
    ? [{ code: "UNAUTHORIZED", message: parsed.details }]
    : [];
}

function toReported(value: unknown): ReportedError[] {
  if (typeof value !== "object" || value === null || !("code" in value) || typeof value.code !== "string") return [];
  const message = "message" in value && typeof value.message === "string" ? value.message : "";
  return [{ code: value.code, message }];
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
export function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,6}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
