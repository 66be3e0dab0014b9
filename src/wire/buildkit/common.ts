/** Messages that several of BuildKit's services share (google.protobuf, google.rpc, solver/pb/ops.proto, api/types/worker.proto). */
import {
  bigint,
  boolean,
  booleanMap,
  bytes,
  bytesList,
  bytesMap,
  integer,
  nested,
  nestedList,
  nestedMap,
  string,
  stringMap,
  strings,
} from "../protobuf/field.ts";
import { type MessageOf, message } from "../protobuf/message.ts";

export const Empty = message({});

export const Timestamp = message({ seconds: integer(1), nanos: integer(2) });

/** `ms` are Unix milliseconds with fractions. */
export function toTimestamp(ms: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

/** Unix milliseconds with fractions. */
export const fromTimestamp = ({ seconds, nanos }: { seconds: number; nanos: number }): number =>
  seconds * 1000 + nanos / 1e6;

export const Any = message({ typeUrl: string(1), value: bytes(2) });
export const RpcStatus = message({ code: integer(1), message: string(2), details: nestedList(3, () => Any) });
export type RpcStatus = MessageOf<typeof RpcStatus>;

/** Chunks of a byte stream inside a call. */
export const BytesMessage = message({ data: bytes(1) });

const PlatformMessage = message({
  architecture: string(1),
  os: string(2),
  variant: string(3),
  osVersion: string(4),
});

/** An operation as far as clients look into ours: where it comes from, and what it needs. */
const SourceOp = message({ identifier: string(1), attrs: stringMap(2) });
const OpInput = message({ digest: string(1), index: integer(2) });
export const Op = message({
  inputs: nestedList(1, () => OpInput),
  source: nested(3, () => SourceOp),
  platform: nested(10, () => PlatformMessage),
  constraints: nested(11, () => Empty),
});
const OpMetadata = message({ ignoreCache: boolean(1), description: stringMap(2), caps: booleanMap(5) });

/** A graph: the marshalled operations, the last one naming the result. What we do not read of it goes back as it came. */
export const Definition = message({ def: bytesList(1), metadata: nestedMap(2, () => OpMetadata), source: bytes(3) });
export type Definition = MessageOf<typeof Definition>;

export const SourceInfo = message({
  filename: string(1),
  data: bytes(2),
  definition: nested(3, () => Definition),
  language: string(4),
});
const Position = message({ line: integer(1), character: integer(2) });
export const Range = message({ start: nested(1, () => Position), end: nested(2, () => Position) });
export const ProgressGroup = message({ id: string(1), name: string(2), weak: boolean(3) });

export const Exporter = message({ type: string(1), attrs: stringMap(2) });
export const CacheOptionsEntry = message({ type: string(1), attrs: stringMap(2) });
export const Descriptor = message({
  mediaType: string(1),
  digest: string(2),
  size: integer(3),
  annotations: stringMap(5),
});

export const BuildkitVersion = message({ package: string(1), version: string(2), revision: string(3) });
const GcPolicy = message({
  all: boolean(1),
  keepDuration: integer(2),
  reservedSpace: integer(3),
  filters: strings(4),
  maxUsedSpace: integer(5),
  minFreeSpace: integer(6),
});
export const WorkerRecord = message({
  id: string(1),
  labels: stringMap(2),
  platforms: nestedList(3, () => PlatformMessage),
  gcPolicy: nestedList(4, () => GcPolicy),
  buildkitVersion: nested(5, () => BuildkitVersion),
});

/** fsutil's description of a file; `mode` has Go's bits. */
export const Stat = message({
  path: string(1),
  mode: integer(2),
  uid: integer(3),
  gid: integer(4),
  size: integer(5),
  modTime: bigint(6),
  linkName: string(7),
  major: integer(8),
  minor: integer(9),
  xattrs: bytesMap(10),
});
export type Stat = MessageOf<typeof Stat>;
