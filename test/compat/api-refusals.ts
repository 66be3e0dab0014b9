/** What the Engine API refuses, and in which words. */
import { create, exec, IMAGE, made, NOBODY, running, type Scenarios, withHost } from "./api-steps.ts";

export const REFUSALS: Scenarios = {
  "a container that nobody knows": [
    ["GET /containers/nosuch/json", undefined, 404, NOBODY],
    ["POST /containers/nosuch/start", undefined, 404, NOBODY],
    ["POST /containers/nosuch/stop", undefined, 404, NOBODY],
    ["POST /containers/nosuch/restart", undefined, 404, NOBODY],
    ["POST /containers/nosuch/kill", undefined, 404, `cannot kill container: nosuch: ${NOBODY}`],
    ["POST /containers/nosuch/pause", undefined, 404, NOBODY],
    ["POST /containers/nosuch/unpause", undefined, 404, NOBODY],
    ["POST /containers/nosuch/rename?name=conf-b", undefined, 404, NOBODY],
    ["POST /containers/nosuch/wait", undefined, 404, NOBODY],
    ["POST /containers/nosuch/exec", { Cmd: ["true"] }, 404, NOBODY],
    ["POST /containers/nosuch/update", {}, 404, NOBODY],
    ["POST /containers/nosuch/resize?h=1&w=1", undefined, 404, NOBODY],
    ["GET /containers/nosuch/logs?stdout=1", undefined, 404, NOBODY],
    ["GET /containers/nosuch/top", undefined, 404, NOBODY],
    ["GET /containers/nosuch/stats", undefined, 404, NOBODY],
    ["GET /containers/nosuch/changes", undefined, 404, NOBODY],
    ["DELETE /containers/nosuch", undefined, 404, NOBODY],
    ["DELETE /containers/nosuch?force=1", undefined, 404, NOBODY],
    ["GET /exec/nosuch/json", undefined, 404, "No such exec instance: nosuch"],
    ["GET /images/nosuch/json", undefined, 404, "No such image: nosuch:latest"],
    ["GET /networks/nosuch", undefined, 404, "network nosuch not found"],
    ["GET /volumes/nosuch", undefined, 404, "get nosuch: no such volume"],
    ["GET /nosuch", undefined, 404, "page not found"],
    ["PUT /containers/json", undefined, 404, "page not found"],
  ],
  "bodies that are no request": [
    create(undefined, 400, "invalid JSON: got EOF while reading request body"),
    create("null", 400, "config cannot be empty in order to create a container"),
    create("{}", 400, "config cannot be empty in order to create a container"),
    create("{", 400, "invalid JSON: unexpected EOF"),
    create(`{"Image":"${IMAGE}"} x`, 400, "unexpected content after JSON"),
    create({ Image: "nosuch", Cmd: ["x"] }, 404, "No such image: nosuch:latest"),
    create(
      { Image: "Bad Name" },
      400,
      "invalid reference format: repository name (library/Bad Name) must be lowercase",
    ),
    create({ Image: IMAGE, StopSignal: "nosuch" }, 400, "invalid signal: nosuch"),
  ],
  "a host configuration that cannot be": [
    withHost(
      { LogConfig: { Type: "nosuch" } },
      400,
      'error looking up logging plugin nosuch: plugin "nosuch" not found',
    ),
    withHost(
      { RestartPolicy: { Name: "x" } },
      400,
      "invalid restart policy: unknown policy 'x'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
    ),
    withHost(
      { AutoRemove: true, RestartPolicy: { Name: "always" } },
      400,
      "can't create 'AutoRemove' container with restart policy",
    ),
    withHost({ PidMode: "container:nosuch" }, 400, NOBODY),
    withHost({ IpcMode: "container:nosuch" }, 400, NOBODY),
    withHost({ VolumesFrom: ["nosuch"] }, 400, NOBODY),
    withHost({ Links: ["nosuch:x"] }, 400, `could not get container for nosuch: ${NOBODY}`),
  ],
  "a network is missed at the start, not at the creation": [
    made("conf-a", { HostConfig: { NetworkMode: "nosuch" } }),
    [
      "POST /containers/conf-a/start",
      undefined,
      404,
      "failed to set up container networking: network nosuch not found",
    ],
    ["GET /containers/conf-a/json", undefined, 200, { State: { Status: "created", ExitCode: 128 } }],
  ],
  "a peer is missed at the start, not at the creation": [
    made("conf-a", { HostConfig: { NetworkMode: "container:nosuch" } }),
    ["POST /containers/conf-a/start", undefined, 500, `joining network namespace of container: ${NOBODY}`],
  ],
  "an exec session that cannot be": [
    ...running("conf-a"),
    ["POST /containers/conf-a/exec", {}, 400, "No exec command specified"],
    [
      "POST /containers/conf-a/exec",
      { Cmd: ["true"], User: "nosuch" },
      400,
      "unable to find user nosuch: no matching entries in passwd file",
    ],
    [
      "POST /containers/conf-a/exec",
      { Cmd: ["true"], User: "root:nosuch" },
      400,
      "unable to find group nosuch: no matching entries in group file",
    ],
    exec({ Cmd: ["nosuch"] }),
    [
      "POST /exec/{exec}/start",
      { Detach: true },
      400,
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
    ],
    ["GET /exec/{exec}/json", undefined, 200, { Running: false, ExitCode: 127 }],
    ["POST /exec/{exec}/start", { Detach: true }, 409, "exec command {exec} has already run"],
  ],
  "filters that cannot be": [
    ["GET /containers/json?filters=x", undefined, 400, "invalid filter"],
    ['GET /containers/json?filters={"nosuch":["1"]}', undefined, 400, "invalid filter 'nosuch'"],
    [
      'GET /containers/json?filters={"status":["nosuch"]}',
      undefined,
      400,
      "invalid filter 'status=nosuch': invalid value for state (nosuch): must be one of created, running, paused, restarting, removing, exited, dead",
    ],
    [
      'GET /containers/json?filters={"health":["nosuch"]}',
      undefined,
      400,
      "invalid filter 'health=nosuch': invalid value for health (nosuch): must be one of none, starting, healthy, unhealthy",
    ],
    [
      'GET /containers/json?filters={"exited":["x"]}',
      undefined,
      400,
      "invalid filter 'exited=x': strconv.Atoi: parsing \"x\": invalid syntax",
    ],
    ['GET /containers/json?filters={"before":["nosuch"]}', undefined, 404, NOBODY],
    ['GET /images/json?filters={"dangling":["x"]}', undefined, 400, "invalid filter 'dangling=[x]'"],
    ['GET /volumes?filters={"nosuch":["1"]}', undefined, 400, "invalid filter 'nosuch'"],
    ['POST /containers/prune?filters={"nosuch":["1"]}', undefined, 400, "invalid filter 'nosuch'"],
    [
      'POST /containers/prune?filters={"label":["nosuch"]}',
      undefined,
      200,
      { ContainersDeleted: null, SpaceReclaimed: 0 },
    ],
    ['POST /networks/prune?filters={"label":["nosuch"]}', undefined, 200, { NetworksDeleted: null }],
    ['POST /volumes/prune?filters={"label":["nosuch"]}', undefined, 200, { VolumesDeleted: [], SpaceReclaimed: 0 }],
  ],
};

/** Where this engine differs from Docker on purpose: it refuses what it does not do yet. */
export const OURS_ONLY: Scenarios = {
  "what it does not do yet": [
    withHost(
      { StorageOpt: { size: "1G" } },
      400,
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
    ),
  ],
  "an exec session runs once": [
    ...running("conf-a"),
    exec({ Cmd: ["true"], Tty: true }),
    ["POST /exec/{exec}/resize?h=1&w=1", undefined, 400, "exec process is not started"],
    ["POST /exec/{exec}/start", { Tty: true }, 200, ""],
    ["POST /exec/{exec}/start", { Tty: true }, 200, "exec command {exec} has already run\r\n"],
    ["POST /exec/{exec}/start", { Detach: true }, 409, "exec command {exec} has already run"],
    ["POST /exec/{exec}/resize?h=1&w=1", undefined, 404, "process does not exist {exec}"],
  ],
};
