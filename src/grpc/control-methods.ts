/** moby.buildkit.v1.Control as methods to serve and to call. */
import { BytesMessage, Empty } from "../wire/buildkit/common.ts";
import {
  BuildHistoryEvent,
  BuildHistoryRequest,
  DiskUsageRequest,
  DiskUsageResponse,
  InfoResponse,
  ListWorkersRequest,
  ListWorkersResponse,
  PruneRequest,
  SolveRequest,
  SolveResponse,
  StatusRequest,
  StatusResponse,
  UpdateBuildHistoryRequest,
  UsageRecord,
} from "../wire/buildkit/control.ts";
import { method } from "./method.ts";

const SERVICE = "/moby.buildkit.v1.Control";
export const LIST_WORKERS = method(`${SERVICE}/ListWorkers`, ListWorkersRequest, ListWorkersResponse);
export const INFO = method(`${SERVICE}/Info`, Empty, InfoResponse);
export const SOLVE = method(`${SERVICE}/Solve`, SolveRequest, SolveResponse);
export const STATUS = method(`${SERVICE}/Status`, StatusRequest, StatusResponse);
export const SESSION = method(`${SERVICE}/Session`, BytesMessage, BytesMessage);
export const DISK_USAGE = method(`${SERVICE}/DiskUsage`, DiskUsageRequest, DiskUsageResponse);
export const PRUNE = method(`${SERVICE}/Prune`, PruneRequest, UsageRecord);
export const LISTEN_HISTORY = method(`${SERVICE}/ListenBuildHistory`, BuildHistoryRequest, BuildHistoryEvent);
export const UPDATE_HISTORY = method(`${SERVICE}/UpdateBuildHistory`, UpdateBuildHistoryRequest, Empty);
