/** How a call ends: gRPC's codes, and the trailers that carry them (gRPC over HTTP/2). */
import { EngineError, type ErrorKind, messageOf, rootError } from "../base/errors.ts";
import { Any, RpcStatus } from "../wire/buildkit/common.ts";
import { decode, encode } from "../wire/protobuf/message.ts";

export const CODE = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  unimplemented: 12,
  unavailable: 14,
  resourceExhausted: 8,
  unauthenticated: 16,
} as const;

/** What went wrong as a machine can read it: a type's name and its JSON. */
export interface Detail {
  readonly type: string;
  readonly json: unknown;
}

export class GrpcError extends Error {
  readonly code: number;
  readonly details: readonly Detail[];

  constructor(code: number, message: string, details: readonly Detail[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = "GrpcError";
    this.code = code;
    this.details = details;
  }
}

const CODES: Readonly<Record<ErrorKind, number>> = {
  notFound: CODE.notFound,
  conflict: CODE.alreadyExists,
  invalidParameter: CODE.unknown,
  notModified: CODE.unknown,
  unauthorized: CODE.unauthenticated,
  forbidden: CODE.permissionDenied,
  tooManyRequests: CODE.resourceExhausted,
  notImplemented: CODE.unimplemented,
  unavailable: CODE.unavailable,
  system: CODE.unknown,
};

/** BuildKit tells faults of a Dockerfile as "unknown", with details; so do we. */
export function toGrpcError(error: unknown): GrpcError {
  const root = rootError(error);
  if (root instanceof GrpcError) return root;
  const code = root instanceof EngineError ? CODES[root.kind] : CODE.unknown;
  return new GrpcError(code, messageOf(root), [], { cause: root });
}

export type Trailers = Readonly<Record<string, string>>;

export const OK_TRAILERS: Trailers = { "grpc-status": "0" };

export function toTrailers(error: GrpcError): Trailers {
  const trailers = { "grpc-status": String(error.code), "grpc-message": percentEncoded(error.message) };
  if (error.details.length === 0) return trailers;
  const details = Buffer.from(encode(RpcStatus, toRpcStatus(error))).toString("base64");
  return { ...trailers, "grpc-status-details-bin": details };
}

function toRpcStatus({ code, message, details }: GrpcError): {
  code: number;
  message: string;
  details: { typeUrl: string; value: Uint8Array }[];
} {
  const packed = details.map(({ type, json }) => ({
    typeUrl: `github.com/moby/buildkit/${type}+json`,
    value: Buffer.from(JSON.stringify(json)),
  }));
  return { code, message, details: packed };
}

/** Undefined for a call that went well. Headers without a status are a connection that ended. */
export function parseTrailers(headers: Readonly<Record<string, unknown>>): GrpcError | undefined {
  const code = Number(headers["grpc-status"] ?? CODE.unavailable);
  if (code === CODE.ok) return undefined;
  return new GrpcError(code, decodedMessage(headers["grpc-message"]), detailsOf(headers["grpc-status-details-bin"]));
}

/** A failure that a peer tells inside a message. */
export function fromRpcStatus({ code, message, details }: RpcStatus): GrpcError {
  return new GrpcError(
    code,
    message,
    details.flatMap((any) => parseDetail(any)),
  );
}

function decodedMessage(text: unknown): string {
  if (typeof text !== "string") return "";
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function detailsOf(text: unknown): Detail[] {
  if (typeof text !== "string") return [];
  return decode(RpcStatus, Buffer.from(text, "base64")).details.flatMap((any) => parseDetail(any));
}

function parseDetail({ typeUrl, value }: typeof Any.empty): Detail[] {
  const [, type] = /([^/]+)\+json$/.exec(typeUrl) ?? [];
  if (type === undefined) return [];
  try {
    return [{ type, json: JSON.parse(Buffer.from(value).toString()) }];
  } catch {
    return [];
  }
}

/** Everything but printable ASCII, and the percent sign. */
function percentEncoded(text: string): string {
  const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return Array.from(Buffer.from(text), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : hex(byte),
  ).join("");
}
