/** Docker endpoints that this engine does not have: later work answers 501, swarm mode as an engine outside any swarm does. */
import { notImplemented, unavailable } from "../../base/errors.ts";
import { type Answer, json } from "../answer.ts";
import type { Backend } from "../backend.ts";
import type { Call, Route } from "../router.ts";

const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** Endpoint and the words for what is missing. */
const LATER: readonly (readonly [endpoint: string, what: string])[] = [
  ["GET /containers/{name}/checkpoints", "checkpoints"],
  ["POST /containers/{name}/checkpoints", "checkpoints"],
  ["GET /images/{name}/attestations", "image attestations"],
  ["GET /networks", "networks"],
  ["GET /networks/{name}", "networks"],
  ["GET /plugins/privileges", "plugins"],
  ["POST /plugins/{name}", "plugins"],
  ["POST /swarm/init", "swarm mode"],
  ["POST /swarm/join", "swarm mode"],
];

/** `docker system prune` ends with the build cache: there is nothing in it. */
const NO_BUILD_CACHE: Route = {
  method: "POST",
  pattern: "/build/prune",
  handle: () => json(200, { CachesDeleted: null, SpaceReclaimed: 0 }),
};

const NO_SWARM_TO_LEAVE: Route = {
  method: "POST",
  pattern: "/swarm/leave",
  handle: () => {
    throw unavailable("This node is not part of a swarm");
  },
};

const SWARM: readonly string[] = ["swarm", "nodes", "services", "tasks", "secrets", "configs"];

export function absentRoutes(backend: Backend): Route[] {
  const later = LATER.map(([endpoint, what]): Route => {
    const [method = "", pattern = ""] = endpoint.split(" ");
    const handle = async ({ name }: Call): Promise<Answer> => {
      await checkSubject(backend, pattern, name);
      throw notImplemented(`not implemented: this version of tare has no ${what}`);
    };
    return { method, pattern, handle };
  });
  return [...later, NO_BUILD_CACHE, NO_SWARM_TO_LEAVE, ...SWARM.flatMap(swarmRoutes)];
}

/** That there is no such container is the better answer. */
async function checkSubject({ containers }: Backend, pattern: string, name: string): Promise<void> {
  if (pattern.startsWith("/containers/{name}/")) await containers.inspect(name, false);
}

function swarmRoutes(resource: string): Route[] {
  const handle = (): never => {
    throw unavailable(NOT_A_MANAGER);
  };
  return ["GET", "POST", "DELETE"].flatMap((method) => [
    { method, pattern: `/${resource}`, handle },
    { method, pattern: `/${resource}/{name}`, handle },
  ]);
}
