/** What there is none of, here and on a Docker that is in no swarm and has no plugins: both say so in the same words. */
import type { Scenarios, Step } from "./api-steps.ts";

const NO_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
const unmanaged = (line: string): Step => [line, undefined, 503, NO_MANAGER];
const noPlugin = (line: string): Step => [line, undefined, 404, 'plugin "nosuch" not found'];

export const ABSENT: Scenarios = {
  "nobody has plugins": [
    ["GET /plugins", undefined, 200, []],
    noPlugin("GET /plugins/nosuch/json"),
    noPlugin("POST /plugins/nosuch/enable?timeout=0"),
    noPlugin("POST /plugins/nosuch/disable"),
    noPlugin("DELETE /plugins/nosuch"),
    ["POST /plugins/nosuch/set", ["a=b"], 404, 'plugin "nosuch" not found'],
    ["POST /plugins/nosuch/push", {}, 404, 'plugin "nosuch" not found'],
  ],
  "nobody is in a swarm": [
    unmanaged("GET /swarm"),
    unmanaged("GET /swarm/unlockkey"),
    unmanaged("GET /services"),
    unmanaged("GET /tasks/nosuch"),
    unmanaged("DELETE /secrets/nosuch"),
    ["POST /swarm/leave", undefined, 503, "This node is not part of a swarm"],
  ],
  "the networks may be asked for with a slash": [['GET /networks/?filters={"name":["nosuch"]}', undefined, 200, []]],
};
