/** moby.buildkit.v1.Control (api/services/control/control.proto). */
import {
  boolean,
  bytes,
  bytesList,
  integer,
  nested,
  nestedList,
  nestedMap,
  string,
  stringMap,
  strings,
} from "../protobuf/field.ts";
import { type MessageOf, message } from "../protobuf/message.ts";
import {
  BuildkitVersion,
  CacheOptionsEntry,
  Definition,
  Descriptor,
  Exporter,
  ProgressGroup,
  Range,
  RpcStatus,
  SourceInfo,
  Timestamp,
  WorkerRecord,
} from "./common.ts";

export const PruneRequest = message({
  filter: strings(1),
  all: boolean(2),
  /** Nanoseconds. */
  keepDuration: integer(3),
  reservedSpace: integer(4),
  maxUsedSpace: integer(5),
  minFreeSpace: integer(6),
});

export const DiskUsageRequest = message({ filter: strings(1), ageLimit: integer(2) });

export const UsageRecord = message({
  id: string(1),
  mutable: boolean(2),
  inUse: boolean(3),
  size: integer(4),
  createdAt: nested(6, () => Timestamp),
  lastUsedAt: nested(7, () => Timestamp),
  usageCount: integer(8),
  description: string(9),
  recordType: string(10),
  shared: boolean(11),
  parents: strings(12),
});

export const DiskUsageResponse = message({ record: nestedList(1, () => UsageRecord) });

const CacheOptions = message({
  exports: nestedList(4, () => CacheOptionsEntry),
  imports: nestedList(5, () => CacheOptionsEntry),
});

export const SolveRequest = message({
  ref: string(1),
  definition: nested(2, () => Definition),
  exporterDeprecated: string(3),
  exporterAttrsDeprecated: stringMap(4),
  session: string(5),
  frontend: string(6),
  frontendAttrs: stringMap(7),
  cache: nested(8, () => CacheOptions),
  entitlements: strings(9),
  frontendInputs: nestedMap(10, () => Definition),
  /** Kept out of the history. */
  internal: boolean(11),
  exporters: nestedList(13, () => Exporter),
  enableSessionExporter: boolean(14),
});
export type SolveRequest = MessageOf<typeof SolveRequest>;

export const SolveResponse = message({ exporterResponse: stringMap(1) });
export const StatusRequest = message({ ref: string(1) });

const VertexMessage = message({
  digest: string(1),
  inputs: strings(2),
  name: string(3),
  cached: boolean(4),
  started: nested(5, () => Timestamp),
  completed: nested(6, () => Timestamp),
  error: string(7),
  progressGroup: nested(8, () => ProgressGroup),
});

const VertexStatus = message({
  id: string(1),
  vertex: string(2),
  name: string(3),
  current: integer(4),
  total: integer(5),
  timestamp: nested(6, () => Timestamp),
  started: nested(7, () => Timestamp),
  completed: nested(8, () => Timestamp),
});

const VertexLog = message({
  vertex: string(1),
  timestamp: nested(2, () => Timestamp),
  stream: integer(3),
  msg: bytes(4),
});

const VertexWarning = message({
  vertex: string(1),
  level: integer(2),
  short: bytes(3),
  detail: bytesList(4),
  url: string(5),
  info: nested(6, () => SourceInfo),
  ranges: nestedList(7, () => Range),
});

export const StatusResponse = message({
  vertexes: nestedList(1, () => VertexMessage),
  statuses: nestedList(2, () => VertexStatus),
  logs: nestedList(3, () => VertexLog),
  warnings: nestedList(4, () => VertexWarning),
});
export type StatusResponse = MessageOf<typeof StatusResponse>;

export const ListWorkersRequest = message({ filter: strings(1) });
export const ListWorkersResponse = message({ record: nestedList(1, () => WorkerRecord) });
export const InfoResponse = message({ buildkitVersion: nested(1, () => BuildkitVersion) });

export const BuildHistoryRequest = message({
  activeOnly: boolean(1),
  ref: string(2),
  earlyExit: boolean(3),
  filter: strings(4),
  limit: integer(5),
});

/** A map with numbers as its keys is sent as a list of these. */
const NumberedDescriptor = message({ key: integer(1), value: nested(2, () => Descriptor) });

const BuildResultInfo = message({
  attestations: nestedList(2, () => Descriptor),
  results: nestedList(3, () => NumberedDescriptor),
});

const BuildHistoryRecord = message({
  ref: string(1),
  frontend: string(2),
  frontendAttrs: stringMap(3),
  exporters: nestedList(4, () => Exporter),
  error: nested(5, () => RpcStatus),
  createdAt: nested(6, () => Timestamp),
  completedAt: nested(7, () => Timestamp),
  logs: nested(8, () => Descriptor),
  exporterResponse: stringMap(9),
  result: nested(10, () => BuildResultInfo),
  results: nestedMap(11, () => BuildResultInfo),
  generation: integer(12),
  trace: nested(13, () => Descriptor),
  pinned: boolean(14),
  numCachedSteps: integer(15),
  numTotalSteps: integer(16),
  numCompletedSteps: integer(17),
  externalError: nested(18, () => Descriptor),
  numWarnings: integer(19),
});

/** Of BuildHistoryEvent. */
export const HISTORY_EVENT = { started: 0, complete: 1, deleted: 2 } as const;
export const BuildHistoryEvent = message({ type: integer(1), record: nested(2, () => BuildHistoryRecord) });

export const UpdateBuildHistoryRequest = message({
  ref: string(1),
  pinned: boolean(2),
  delete: boolean(3),
  finalize: boolean(4),
});
