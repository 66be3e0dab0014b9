import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notFound } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import type { ContainerMount } from "../../state/container-mount.ts";
import { INITIAL_STATE } from "../../state/container-record.ts";
import { createContainerRows } from "../../state/container-rows.ts";
import { openDatabase } from "../../state/database.ts";
import { emptyConfig, emptyHostConfig } from "../../wire/empty.ts";
import type { HostConfig, Mount } from "../../wire/host-config.ts";
import type { ImageInspect } from "../../wire/image.ts";
import { Container } from "../container/container.ts";
import { Registry } from "../container/registry.ts";
import { type PlannedMount, planMounts } from "./plan.ts";
import { mountsOf } from "./run-mounts.ts";

let dir: string;
let close: () => void;
const registry = new Registry();
const BOX: Pick<ImageInspect, "Id"> = { Id: "sha256:box" };

/** The one image there is, of which nothing but its id is asked. */
const images = {
  inspect: (ref: string): ImageInspect => {
    if (ref !== "box") throw notFound(`No such image: ${ref}`);
    return BOX as ImageInspect;
  },
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-plan-"));
  const db = openDatabase(join(dir, "db"));
  close = () => db.close();
  const mounts = plan({ Binds: ["named:/n", "/tmp:/t:ro"], Mounts: [{ Type: "tmpfs", Target: "/s" }] }, ["/v"]);
  const hostConfig = { ...emptyHostConfig(), LogConfig: { Type: "", Config: {} } } as HostConfig;
  const spec = {
    id: createId(),
    createdAt: "",
    imageId: "",
    imageRef: "",
    path: "",
    args: [],
    config: emptyConfig(),
    hostConfig,
    networkingConfig: { EndpointsConfig: {} },
    mounts: mounts.map(({ mount }) => mount),
  };
  registry.add(new Container(createContainerRows(db), { name: "donor", spec, state: INITIAL_STATE }));
});
afterAll(() => {
  close();
  rmSync(dir, { recursive: true });
});

let made = 0;
function plan(wanted: Partial<HostConfig>, volumes: readonly string[] = []): PlannedMount[] {
  const Volumes = Object.fromEntries(volumes.map((path) => [path, {}]));
  const hostConfig = { Binds: null, VolumesFrom: null, VolumeDriver: "", ...wanted };
  return planMounts({ registry, images }, { Volumes }, hostConfig, () => `anonymous-${made++}`);
}
const mounts = (...Mounts: Mount[]): PlannedMount[] => plan({ Mounts });
const places = (planned: readonly PlannedMount[]): string[] =>
  planned.map(({ mount }) => `${mount.type} ${mount.destination}`);

test.each<[string, Partial<ContainerMount>, boolean]>([
  ["/src/:/dst/", { type: "bind", source: "/src", destination: "/dst", readOnly: false, mode: "" }, false],
  ["/src:/dst:ro,rslave", { readOnly: true, propagation: "rslave", mode: "ro,rslave" }, false],
  [
    "/src:/dst",
    { propagation: "rprivate", recursive: true, recursiveReadOnly: "ifPossible", createSource: true },
    false,
  ],
  ["name:/dst", { type: "volume", volume: "name", anonymous: false, subpath: "", mode: "z" }, true],
  ["/dst", { type: "volume", anonymous: true, subpath: "", mode: "z" }, true],
  ["name:/dst:ro", { type: "volume", readOnly: true, mode: "ro" }, true],
  ["name:/dst:nocopy", { type: "volume", mode: "nocopy" }, false],
])("the bind %p is planned as %j, filled: %p", (bind, mount, copy) => {
  const [planned] = plan({ Binds: [bind] });
  expect(planned).toMatchObject({ mount, copy });
});

test.each<[Mount, Partial<ContainerMount>, boolean]>([
  [{ Type: "volume", Target: "/a" }, { type: "volume", anonymous: true, mode: "z" }, true],
  [
    { Type: "volume", Source: "x1", Target: "/a", ReadOnly: true },
    { volume: "x1", anonymous: false, readOnly: true },
    true,
  ],
  [{ Type: "volume", Source: "x1", Target: "/a", VolumeOptions: { NoCopy: true } }, { volume: "x1" }, false],
  [{ Type: "volume", Source: "x1", Target: "/a", VolumeOptions: { Subpath: "s" } }, { subpath: "s" }, true],
  [{ Type: "tmpfs", Target: "/a", TmpfsOptions: { SizeBytes: 5 } }, { type: "tmpfs", mode: "" }, false],
  [{ Type: "image", Source: "box", Target: "/a" }, { type: "image", imageId: "sha256:box", readOnly: true }, false],
  [
    { Type: "bind", Source: "/tmp", Target: "/a", BindOptions: { NonRecursive: true, ReadOnlyForceRecursive: true } },
    { type: "bind", recursive: false, recursiveReadOnly: "required", createSource: false },
    false,
  ],
  [
    {
      Type: "bind",
      Source: "/no/such",
      Target: "/a",
      BindOptions: { CreateMountpoint: true, ReadOnlyNonRecursive: true },
    },
    { createSource: true, recursiveReadOnly: "no" },
    false,
  ],
])("the mount %j is planned as %j, filled: %p", (mount, expected, copy) => {
  expect(mounts(mount)[0]).toMatchObject({ mount: expected, copy });
});

test("a volume is asked for with its driver, options and labels, an anonymous one by its label", () => {
  const [named] = mounts({
    Type: "volume",
    Source: "x1",
    Target: "/a",
    VolumeOptions: { Labels: { a: "b" }, DriverConfig: { Name: "local", Options: { type: "tmpfs" } } },
  });
  expect(named?.request).toEqual({ name: "x1", driver: "local", labels: { a: "b" }, options: { type: "tmpfs" } });
  const [anonymous] = plan({ VolumeDriver: "mine" }, ["/v"]);
  expect(anonymous?.request).toMatchObject({ driver: "mine", labels: { "com.docker.volume.anonymous": "" } });
  expect(plan({ Binds: ["x1:/a"], VolumeDriver: "mine" })[0]?.request?.driver).toBe("mine");
});

test("what the image declares gives way to what is asked for, whatever its kind", () => {
  const wanted = { Binds: ["/tmp:/a"], Mounts: [{ Type: "tmpfs" as const, Target: "/b/" }], Tmpfs: { "/c": "" } };
  expect(places(plan(wanted, ["/a/", "/b", "/c", "/d"]))).toEqual(["bind /a", "tmpfs /b", "volume /d"]);
});

test("shallow places come first, and a tmpfs of --tmpfs among them", () => {
  const planned = plan({ Binds: ["x1:/a/b/c", "x2:/z", "x3:/a/b"] });
  expect(places(planned)).toEqual(["volume /z", "volume /a/b", "volume /a/b/c"]);
  const all = mountsOf({ mounts: planned.map(({ mount }) => mount), hostConfig: { Tmpfs: { "/a": "", "/z/": "" } } });
  expect(all.map(({ type, destination }) => `${type} ${destination}`)).toEqual([
    "tmpfs /a",
    "volume /z",
    "volume /a/b",
    "volume /a/b/c",
  ]);
});

test("--volumes-from takes everything, is replaced by what is said of a place, and fills and makes nothing", () => {
  const taken = plan({ VolumesFrom: ["donor:ro"], Binds: ["/tmp:/n"] });
  expect(places(taken)).toEqual(["bind /n", "bind /t", "tmpfs /s", "volume /v"]);
  const volume = taken.at(-1);
  expect(volume).toMatchObject({ mount: { readOnly: true, mode: "", anonymous: true }, copy: false });
  expect(volume?.request).toBeUndefined();
  expect(plan({ VolumesFrom: ["donor"] })[1]?.mount.readOnly).toBe(true);
});

test.each<[Partial<HostConfig>, string]>([
  [{ VolumesFrom: [""] }, "volumes-from specification cannot be an empty string"],
  [{ VolumesFrom: ["nobody"] }, "No such container: nobody"],
  [{ VolumesFrom: ["donor:shared"] }, "invalid mode: shared"],
  [{ VolumesFrom: ["donor:ro:x"] }, "invalid mode: ro:x"],
  [{ Binds: ["/tmp:/proc/sys"] }, '"/proc/sys" cannot be mounted because it is inside /proc'],
  [{ Mounts: [{ Type: "bind", Source: "/no/such", Target: "/a" }] }, "bind source path does not exist: /no/such"],
  [{ Mounts: [{ Type: "image", Source: "none", Target: "/a" }] }, "No such image: none"],
  [
    { Mounts: [{ Type: "npipe", Source: "x", Target: "/a" }] },
    'invalid mount config for type "npipe": mount type unknown',
  ],
])("%j is refused", (wanted, message) => {
  expect(() => plan(wanted)).toThrow(message);
});
