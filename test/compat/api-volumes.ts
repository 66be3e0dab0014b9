/** Volumes and mounts request by request. Volumes are called conf-v… and removed by the scenario itself. */
import { create, IMAGE, made, type Scenarios, withHost } from "./api-steps.ts";

const LOCAL = { Driver: "local", Scope: "local" };
const filters = (asked: object): string => encodeURIComponent(JSON.stringify(asked));
const mount = (Mount: object, status: number, facts: string | object) => withHost({ Mounts: [Mount] }, status, facts);

export const VOLUMES: Scenarios = {
  "a volume is made, shown, listed and removed": [
    ["POST /volumes/create", { Name: "conf-v", Labels: { a: "b" } }, 201, { ...LOCAL, Name: "conf-v", Options: null }],
    ["POST /volumes/create", { Name: "conf-v", Labels: { c: "d" } }, 201, { Name: "conf-v", Labels: { a: "b" } }],
    ["GET /volumes/conf-v", undefined, 200, { ...LOCAL, Name: "conf-v", Labels: { a: "b" }, Options: null }],
    [`GET /volumes?filters=${filters({ name: ["onf-v"] })}`, undefined, 200, { Volumes: [{ Name: "conf-v" }] }],
    [`GET /volumes?filters=${filters({ name: ["conf-v"], label: ["a=c"] })}`, undefined, 200, { Volumes: [] }],
    ["DELETE /volumes/conf-v", undefined, 204, ""],
    ["DELETE /volumes/conf-v", undefined, 404, "get conf-v: no such volume"],
    ["DELETE /volumes/conf-v?force=1", undefined, 204, ""],
    ["GET /volumes/conf-v", undefined, 404, "get conf-v: no such volume"],
  ],
  "a volume without a name is known by its label": [
    ["POST /volumes/create", undefined, 201, { ...LOCAL, Labels: { "com.docker.volume.anonymous": "" } }],
    ["DELETE /volumes/{volume}", undefined, 204, ""],
    ["POST /volumes/create", {}, 201, { ...LOCAL, Labels: { "com.docker.volume.anonymous": "" } }],
    ["DELETE /volumes/{volume}", undefined, 204, ""],
  ],
  "a volume that cannot be": [
    [
      "POST /volumes/create",
      { Name: "x" },
      400,
      "create x: volume name is too short, names should be at least two alphanumeric characters",
    ],
    [
      "POST /volumes/create",
      { Name: "a b" },
      400,
      'create a b: "a b" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
    ],
    ["POST /volumes/create", { Name: "conf-v", DriverOpts: { a: "b" } }, 400, 'create conf-v: invalid option: "a"'],
    [
      "POST /volumes/create",
      { Name: "conf-v", DriverOpts: { type: "tmpfs" } },
      400,
      'create conf-v: missing required option: "device"',
    ],
    [
      "POST /volumes/create",
      { Name: "conf-v", DriverOpts: { o: "bind" } },
      400,
      'create conf-v: missing required option: "device"',
    ],
    [
      "POST /volumes/create",
      { Name: 5 },
      400,
      "invalid JSON: json: cannot unmarshal number into Go struct field CreateOptions.Name of type string",
    ],
    [
      "POST /volumes/create",
      { Name: "conf-v", ClusterVolumeSpec: {} },
      503,
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    ],
    ["PUT /volumes/conf-v", {}, 503, "volume update only valid for cluster volumes, but swarm is unavailable"],
  ],
  "filters of volumes": [
    [`GET /volumes?filters=${filters({ nosuch: ["1"] })}`, undefined, 400, "invalid filter 'nosuch'"],
    [`GET /volumes?filters=${filters({ dangling: ["x"] })}`, undefined, 400, "invalid filter 'dangling=[x]'"],
    [
      `GET /volumes?filters=${filters({ dangling: ["true", "false"] })}`,
      undefined,
      400,
      "invalid filter 'dangling=[true false]'",
    ],
    [`POST /volumes/prune?filters=${filters({ until: ["24h"] })}`, undefined, 400, "invalid filter 'until'"],
    [
      `POST /volumes/prune?filters=${filters({ all: ["x"] })}`,
      undefined,
      400,
      "invalid filter 'all': strconv.ParseBool: parsing \"x\": invalid syntax",
    ],
  ],
  "a container's volumes are in its record, and in use": [
    made("conf-a", { HostConfig: { Binds: ["conf-v:/v", "/tmp:/t:ro"] } }),
    [
      "GET /containers/conf-a/json",
      undefined,
      200,
      { HostConfig: { Binds: ["conf-v:/v", "/tmp:/t:ro"] }, Config: { Volumes: null } },
    ],
    ["DELETE /volumes/conf-v", undefined, 409, "remove conf-v: volume is in use - [{id}]"],
    ["DELETE /volumes/conf-v?force=1", undefined, 409, "remove conf-v: volume is in use - [{id}]"],
    [`GET /volumes?filters=${filters({ dangling: ["false"], name: ["conf-v"] })}`, undefined, 200, { Volumes: [{}] }],
    [`GET /volumes?filters=${filters({ dangling: ["true"], name: ["conf-v"] })}`, undefined, 200, { Volumes: [] }],
    ["DELETE /containers/conf-a?v=1", undefined, 204, ""],
    ["DELETE /volumes/conf-v", undefined, 204, ""],
  ],
  "a subpath that there is not is missed at the start": [
    made("conf-a", {
      HostConfig: {
        Mounts: [{ Type: "volume", Source: "conf-v", Target: "/v", VolumeOptions: { Subpath: "nosuch" } }],
      },
    }),
    ["POST /containers/conf-a/start", undefined, 404],
    ["GET /containers/conf-a/json", undefined, 200, { State: { Status: "created" } }],
    ["DELETE /containers/conf-a", undefined, 204, ""],
    ["DELETE /volumes/conf-v", undefined, 204, ""],
  ],
  "pruning containers keeps their volumes": [
    made("conf-a", {
      Labels: { conf: "prune" },
      HostConfig: { Mounts: [{ Type: "volume", Source: "conf-v", Target: "/v" }] },
    }),
    [`POST /containers/prune?filters=${filters({ label: ["conf=prune"] })}`, undefined, 200, { SpaceReclaimed: 0 }],
    ["DELETE /volumes/conf-v", undefined, 204, ""],
  ],
  "how inspect shows a mount": [
    made("conf-a", { HostConfig: { Mounts: [{ Type: "volume", Source: "conf-v", Target: "/v", ReadOnly: true }] } }),
    [
      "GET /containers/conf-a/json",
      undefined,
      200,
      {
        Mounts: [
          { Type: "volume", Name: "conf-v", Destination: "/v", Driver: "local", Mode: "z", RW: false, Propagation: "" },
        ],
      },
    ],
    ["DELETE /containers/conf-a", undefined, 204, ""],
    made("conf-a", { HostConfig: { Binds: ["conf-v:/v:ro"] } }),
    ["GET /containers/conf-a/json", undefined, 200, { Mounts: [{ Name: "conf-v", Mode: "ro", RW: false }] }],
    ["DELETE /containers/conf-a", undefined, 204, ""],
    made("conf-a", { Volumes: { "/v": {} }, HostConfig: {} }),
    [
      "GET /containers/conf-a/json",
      undefined,
      200,
      { Mounts: [{ Type: "volume", Destination: "/v", Mode: "", RW: true }] },
    ],
    ["DELETE /containers/conf-a?v=1", undefined, 204, ""],
    made("conf-a", { HostConfig: { Binds: ["/tmp:/t:ro"] } }),
    [
      "GET /containers/conf-a/json",
      undefined,
      200,
      { Mounts: [{ Type: "bind", Source: "/tmp", Destination: "/t", Mode: "ro", RW: false, Propagation: "rprivate" }] },
    ],
    ["DELETE /containers/conf-a", undefined, 204, ""],
    made("conf-a", { HostConfig: { Mounts: [{ Type: "tmpfs", Target: "/t" }], Tmpfs: { "/u": "" } } }),
    [
      "GET /containers/conf-a/json",
      undefined,
      200,
      { Mounts: [{ Type: "tmpfs", Source: "", Destination: "/t", Mode: "", RW: true, Propagation: "" }] },
    ],
    ["DELETE /volumes/conf-v", undefined, 204, ""],
  ],
  "a mount that cannot be": [
    mount(
      { Type: "volume", Source: "conf-v", Target: "/a", VolumeOptions: { DriverConfig: { Options: { a: "b" } } } },
      400,
      'create conf-v: invalid option: "a"',
    ),
    mount(
      { Type: "volume", Target: "/a", VolumeOptions: { Subpath: "x" } },
      400,
      'invalid mount config for type "volume": must not set Subpath when using anonymous volumes',
    ),
    mount(
      { Type: "volume", Source: "conf-v", Target: "/a", VolumeOptions: { Subpath: "../x" } },
      400,
      'invalid mount config for type "volume": subpath must be a relative path within the volume',
    ),
    mount(
      { Type: "image", Source: IMAGE, Target: "/a", ImageOptions: { Subpath: "../x" } },
      400,
      'invalid mount config for type "image": subpath must be a relative path within the volume',
    ),
    mount({ Type: "image", Source: "nosuchimage", Target: "/a" }, 404, "No such image: nosuchimage:latest"),
    withHost({ VolumesFrom: [""] }, 400, "volumes-from specification cannot be an empty string"),
    create({ Image: IMAGE, HostConfig: { VolumesFrom: ["nosuch:bad"] } }, 400, "invalid mode: bad"),
  ],
};
