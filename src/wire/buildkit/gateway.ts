/** moby.buildkit.v1.frontend.LLBBridge (frontend/gateway/pb/gateway.proto). */
import {
  boolean,
  bytes,
  bytesList,
  bytesMap,
  integer,
  nested,
  nestedList,
  nestedMap,
  string,
  stringMap,
} from "../protobuf/field.ts";
import { type MessageOf, message } from "../protobuf/message.ts";
import { CacheOptionsEntry, Definition, Range, RpcStatus, SourceInfo, WorkerRecord } from "./common.ts";

const Ref = message({ id: string(1), def: nested(2, () => Definition) });
const RefMap = message({ refs: nestedMap(1, () => Ref) });
export const Result = message({ ref: nested(3, () => Ref), refs: nested(4, () => RefMap), metadata: bytesMap(10) });
export type Result = MessageOf<typeof Result>;

export const ReturnRequest = message({ result: nested(1, () => Result), error: nested(2, () => RpcStatus) });

export const BridgeSolveRequest = message({
  definition: nested(1, () => Definition),
  frontend: string(2),
  frontendOpt: stringMap(3),
  final: boolean(10),
  cacheImports: nestedList(12, () => CacheOptionsEntry),
  frontendInputs: nestedMap(13, () => Definition),
  evaluate: boolean(14),
});
export type BridgeSolveRequest = MessageOf<typeof BridgeSolveRequest>;
export const BridgeSolveResponse = message({ ref: string(1), result: nested(3, () => Result) });

const FileRange = message({ offset: integer(1), length: integer(2) });
export const ReadFileRequest = message({ ref: string(1), filePath: string(2), range: nested(3, () => FileRange) });
export const ReadFileResponse = message({ data: bytes(1) });
export const EvaluateRequest = message({ ref: string(1) });

const ApiCap = message({ id: string(1), enabled: boolean(2) });
export const PongResponse = message({
  frontendApiCaps: nestedList(1, () => ApiCap),
  llbCaps: nestedList(2, () => ApiCap),
  workers: nestedList(3, () => WorkerRecord),
});

export const WarnRequest = message({
  digest: string(1),
  level: integer(2),
  short: bytes(3),
  detail: bytesList(4),
  url: string(5),
  info: nested(6, () => SourceInfo),
  ranges: nestedList(7, () => Range),
});
