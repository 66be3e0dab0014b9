/** The build cache and past builds, asked of the engine. Read only by commands that want one of them. */
import type { Client } from "../../client/client.ts";
import type { FilterLists } from "../../client/filter-query.ts";
import { DISK_USAGE, LISTEN_HISTORY, PRUNE, STATUS, UPDATE_HISTORY } from "../../grpc/control-methods.ts";
import { CODE, GrpcError } from "../../grpc/status.ts";
import { HISTORY_EVENT, type PruneRequest, type StatusResponse } from "../../wire/buildkit/control.ts";
import type { MessageOf, Sendable } from "../../wire/protobuf/message.ts";
import { CommandError } from "../errors.ts";
import type { BuildRecord, CacheRecord } from "../rows/builds.ts";
import { openControl } from "./connection.ts";

/** Each value is a filter of its own: "type=regular", "description~=make". */
export const cacheFilters = (filters: FilterLists): string[] =>
  Object.entries(filters).flatMap(([name, values]) =>
    (values ?? []).map((value) => (value === "true" ? name : `${name}=${value}`)),
  );

export async function listCache(client: Client, filters: readonly string[]): Promise<CacheRecord[]> {
  using control = await openControl(client);
  return (await told(control.call(DISK_USAGE, { filter: filters }))).record;
}

/** What was removed, as it is removed. */
export async function* pruneCache(
  client: Client,
  request: Sendable<MessageOf<typeof PruneRequest>>,
): AsyncGenerator<CacheRecord> {
  using control = await openControl(client);
  const call = control.open(PRUNE);
  await call.send(request);
  call.end();
  yield* call.answers;
}

/** The youngest first. */
export async function listBuilds(client: Client): Promise<BuildRecord[]> {
  using control = await openControl(client);
  const call = control.open(LISTEN_HISTORY);
  await call.send({ earlyExit: true });
  call.end();
  const builds: BuildRecord[] = [];
  for await (const { type, record } of call.answers)
    if (type !== HISTORY_EVENT.deleted && record !== undefined) builds.push(record);
  return builds.toSorted(
    (a, b) =>
      (b.createdAt?.seconds ?? 0) - (a.createdAt?.seconds ?? 0) ||
      (b.createdAt?.nanos ?? 0) - (a.createdAt?.nanos ?? 0),
  );
}

export async function removeBuild(client: Client, ref: string): Promise<void> {
  using control = await openControl(client);
  await told(control.call(UPDATE_HISTORY, { ref, delete: true }));
}

/** Everything a build has told, and tells. */
export async function* progressOf(client: Client, ref: string): AsyncGenerator<StatusResponse> {
  using control = await openControl(client);
  const call = control.open(STATUS);
  await call.send({ ref });
  call.end();
  yield* call.answers;
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof GrpcError) || error.code === CODE.unavailable) throw error;
    throw new CommandError(`ERROR: ${error.message}`, 1, { cause: error });
  }
}
