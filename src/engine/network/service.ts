/** The networks' part of the engine as the HTTP edge uses it. */
import { EngineError, messageOf, notFound } from "../../base/errors.ts";
import type { NetworkRecord } from "../../state/network-record.ts";
import type { Filters } from "../../wire/filters.ts";
import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkDisconnectRequest,
  NetworkInspect,
} from "../../wire/network.ts";
import type { EngineContext } from "../context.ts";
import { connectContainer } from "./connect.ts";
import { disconnectContainer } from "./disconnect.ts";
import { createListFilter, createPruneFilter, type Listed } from "./filter.ts";
import { containersOf, toNetworkInspect } from "./show.ts";

// The shape is stated by the edge (api/backend.ts) and checked where the two are wired.
export function createNetworkService(ctx: EngineContext) {
  const { network } = ctx;
  const listed = (): Listed[] =>
    network.list().map((record) => ({
      record,
      isPredefined: network.isPredefined(record),
      isInUse: Object.keys(containersOf(ctx, record)).length > 0,
    }));
  return {
    /** Without their containers, as Docker lists them. */
    list: (filters: Filters): NetworkInspect[] => {
      const passes = createListFilter(filters);
      return listed()
        .filter(passes)
        .map(({ record }) => toNetworkInspect(record, {}));
    },
    inspect: (ref: string, scope: string): NetworkInspect => {
      if (scope !== "" && scope !== "local") throw notFound(`network ${ref} not found`);
      const record = network.find(ref);
      return toNetworkInspect(record, containersOf(ctx, record));
    },
    create: (request: NetworkCreateRequest) => createNetwork(ctx, request),
    remove: async (ref: string): Promise<void> => removeNetwork(ctx, network.find(ref)),
    prune: async (filters: Filters): Promise<{ NetworksDeleted: string[] | null }> => {
      const passes = createPruneFilter(filters);
      const deleted: string[] = [];
      for (const { record } of listed().filter(passes)) {
        if (await removeUnused(ctx, record)) deleted.push(record.name);
      }
      ctx.events.publish({ type: "network", action: "prune", id: "", attributes: { reclaimed: "0" } });
      return { NetworksDeleted: deleted.length === 0 ? null : deleted };
    },
    connect: (ref: string, request: NetworkConnectRequest) => connectContainer(ctx, ref, request),
    disconnect: (ref: string, request: NetworkDisconnectRequest) => disconnectContainer(ctx, ref, request),
  };
}

async function createNetwork(ctx: EngineContext, request: NetworkCreateRequest): Promise<NetworkCreateResponse> {
  const record = await ctx.network.create(request);
  tellNetwork(ctx, record, "create");
  return { Id: record.id, Warning: "" };
}

async function removeNetwork(ctx: EngineContext, record: NetworkRecord): Promise<void> {
  await ctx.network.remove(record);
  tellNetwork(ctx, record, "destroy");
}

/** False for one that somebody has come upon meanwhile, or that others are made from. */
async function removeUnused(ctx: EngineContext, record: NetworkRecord): Promise<boolean> {
  try {
    await removeNetwork(ctx, record);
    return true;
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== "forbidden") throw error;
    ctx.log.debug("network.prune.skipped", { network: record.name, reason: messageOf(error) });
    return false;
  }
}

function tellNetwork(ctx: EngineContext, { id, name, driver }: NetworkRecord, action: "create" | "destroy"): void {
  ctx.events.publish({ type: "network", action, id, attributes: { name, type: driver } });
}
