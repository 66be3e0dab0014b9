/** BuildKit's doors: connections that become HTTP/2, with the engine as gRPC's server (`/grpc`) or as its client (`/session`). */
import { invalidParameter } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { hasToken } from "../../wire/http1.ts";
import { empty } from "../answer.ts";
import type { BuildBackend } from "../backend.ts";
import type { BuildkitServer } from "../buildkit/server.ts";
import { HIJACKED, type Request, type UpgradeHead } from "../http/message.ts";
import type { Route } from "../router.ts";
import { pruneBuilds } from "./build-prune.ts";

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
    {
      method: "POST",
      pattern: "/build/prune",
      handle: async ({ request }) => pruneBuilds(await backend.open(), request),
    },
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

async function load({ open, worker }: BuildBackend, log: Logger): Promise<BuildkitServer> {
  const [{ createBuildkitServer }, builder] = await Promise.all([import("../buildkit/server.ts"), open()]);
  return createBuildkitServer({ builder, worker }, log);
}

function checkUpgrade({ headers }: Request): void {
  if (!hasToken(headers, "upgrade", "h2c")) throw invalidParameter("no upgrade proto in request");
}
