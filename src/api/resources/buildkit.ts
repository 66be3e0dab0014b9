/** BuildKit's doors: connections that become HTTP/2, with the engine as gRPC's server (`/grpc`) or as its client (`/session`). */
import { parseDurationNs } from "../../base/duration.ts";
import { invalidParameter } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Builder } from "../../build/builder.ts";
import { ownBytes } from "../../build/own-bytes.ts";
import { type Filters, parseFilters } from "../../wire/filters.ts";
import { hasToken } from "../../wire/http1.ts";
import { type Answer, empty, json } from "../answer.ts";
import type { BuildBackend } from "../backend.ts";
import type { BuildkitServer } from "../buildkit/server.ts";
import { HIJACKED, type Request, type UpgradeHead } from "../http/message.ts";
import type { Route } from "../router.ts";

const H2C: UpgradeHead = {
  status: 101,
  reason: "Switching Protocols",
  headers: [
    ["Connection", "Upgrade"],
    ["Upgrade", "h2c"],
  ],
};

export function buildkitRoutes(backend: BuildBackend, log: Logger): Route[] {
  let loaded: Promise<BuildkitServer> | undefined;
  // Most engines build rarely, and Node's HTTP/2 is the largest thing an engine can load.
  const server = (): Promise<BuildkitServer> => {
    loaded ??= load(backend, log);
    return loaded;
  };
  return [
    {
      method: "POST",
      pattern: "/grpc",
      handle: async ({ request }) => {
        checkUpgrade(request);
        const buildkit = await server();
        await buildkit.serveGrpc(await request.hijack(H2C));
        return HIJACKED;
      },
    },
    {
      method: "POST",
      pattern: "/session",
      handle: async ({ request }) => {
        checkUpgrade(request);
        const buildkit = await server();
        const facts = buildkit.factsOf(request.headers);
        await buildkit.serveSession(await request.hijack(H2C), facts);
        return HIJACKED;
      },
    },
    { method: "POST", pattern: "/build", handle: async ({ request }) => (await server()).build(request) },
    { method: "POST", pattern: "/build/prune", handle: async ({ request }) => prune(await backend.open(), request) },
    {
      method: "POST",
      pattern: "/build/cancel",
      handle: async ({ request }) => {
        const ref = request.query.text("id");
        if (ref === "") throw invalidParameter("build ID not provided");
        (await server()).cancel(ref);
        return empty(200);
      },
    },
  ];
}

async function prune(builder: Builder, { query }: Request): Promise<Answer> {
  const asked = parseFilters(query.text("filters"));
  const filters = [...asked].flatMap(([key, values]) => values.map((value) => filterOf(key, value)));
  const bytes = (name: string): number => query.int(name) ?? 0;
  const options = {
    all: query.bool("all"),
    filters: filters.filter((filter) => filter !== ""),
    keepMs: keepMs(asked),
    reservedBytes: bytes("reserved-space") || bytes("keep-storage"),
    maxUsedBytes: bytes("max-used-space"),
    minFreeBytes: bytes("min-free-space"),
  };
  const pruned = await Array.fromAsync(builder.prune(options));
  return json(200, {
    CachesDeleted: pruned.length === 0 ? null : pruned.map(({ id }) => id),
    SpaceReclaimed: ownBytes(pruned),
  });
}

/** Only what was not used for so long: "24h", or since a moment. Throws invalidParameter. */
function keepMs(filters: Filters): number {
  const texts = [...(filters.get("until") ?? []), ...(filters.get("unused-for") ?? [])];
  const [text] = texts;
  if (text === undefined) return 0;
  if (texts.length > 1) throw invalidParameter('filters expect only one value for "until" and "unused-for"');
  const durationNs = parseDurationNs(text);
  if (durationNs !== undefined) return durationNs / 1e6;
  const moment = Date.parse(text);
  if (Number.isNaN(moment)) throw invalidParameter(`"until" filter expects a duration (e.g., '24h') or a timestamp`);
  return Math.max(0, Date.now() - moment);
}

/** "id=…" as BuildKit writes filters; "unused-for" and the like are limits, not filters. */
function filterOf(key: string, value: string): string {
  if (key === "until" || key === "unused-for") return "";
  return value === "" || value === "true" ? key : `${key}=${value}`;
}

async function load({ open, worker }: BuildBackend, log: Logger): Promise<BuildkitServer> {
  const [{ createBuildkitServer }, builder] = await Promise.all([import("../buildkit/server.ts"), open()]);
  return createBuildkitServer({ builder, worker }, log);
}

function checkUpgrade({ headers }: Request): void {
  if (!hasToken(headers, "upgrade", "h2c")) throw invalidParameter("no upgrade proto in request");
}
