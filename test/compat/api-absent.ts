/** What there is none of, here and on a Docker that is in no swarm and has no plugins: both say so in the same words. */
import { COMPARED_IMAGE } from "../harness/compare.ts";
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
  "no image of another platform": [
    [
      "POST /containers/create?name=conf-a&platform=linux/s390x",
      { Image: COMPARED_IMAGE },
      404,
      `image with reference ${COMPARED_IMAGE} was found but its platform (linux/amd64) does not match the specified platform (linux/s390x)`,
    ],
    [
      "POST /containers/create?name=conf-a&platform=plan9/amd64",
      { Image: COMPARED_IMAGE },
      404,
      `image with reference ${COMPARED_IMAGE} was found but its platform (linux/amd64) does not match the specified platform (plan9/amd64)`,
    ],
    [
      "POST /containers/create?name=conf-a&platform=nosuch",
      { Image: COMPARED_IMAGE },
      400,
      '"nosuch": unknown operating system or architecture: invalid argument',
    ],
    ["POST /containers/create?name=conf-a&platform=linux/amd64", { Image: COMPARED_IMAGE }, 201],
  ],
  "builds that nobody does": [
    ["POST /build?squash=1", undefined, 400, "squash is only supported with experimental mode"],
    ["POST /build?isolation=process", undefined, 400, 'unsupported isolation: "process"'],
  ],
  "the networks may be asked for with a slash": [['GET /networks/?filters={"name":["nosuch"]}', undefined, 200, []]],
};
