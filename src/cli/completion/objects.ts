/** What a command's arguments name, and the names there are now. */
import type { Client } from "../../client/client.ts";

/** Containers by what may be done with them, images, networks, or volumes. */
type ObjectKind = "container" | "running" | "startable" | "paused" | "removable" | "image" | "network" | "volume";

interface Wanted {
  readonly kinds: readonly ObjectKind[];
  /** How many arguments name one; the rest are of another kind (a command, ps options). */
  readonly most: number;
}

const many = (...kinds: ObjectKind[]): Wanted => ({ kinds, most: Number.POSITIVE_INFINITY });
const first = (...kinds: ObjectKind[]): Wanted => ({ kinds, most: 1 });

/** By command, as the catalog calls it. */
const WANTED: Readonly<Record<string, Wanted>> = {
  attach: first("running"),
  commit: first("container"),
  "container-inspect": many("container"),
  create: first("image"),
  diff: first("container"),
  exec: first("running"),
  export: first("container"),
  history: first("image"),
  "image-diff": { kinds: ["image"], most: 2 },
  "image-inspect": many("image"),
  "image-verify": many("image"),
  images: first("image"),
  inspect: many("container", "image"),
  kill: many("running"),
  logs: first("container"),
  pause: many("running"),
  port: first("running"),
  push: first("image"),
  rename: first("container"),
  restart: many("container"),
  rm: many("removable"),
  rmi: many("image"),
  run: first("image"),
  save: many("image"),
  start: many("startable"),
  stats: many("running"),
  stop: many("running"),
  tag: first("image"),
  top: first("running"),
  unpause: many("paused"),
  update: many("container"),
  wait: many("running"),
  "volume-clone": first("volume"),
  "volume-export": first("volume"),
  "volume-import": first("volume"),
  "network-connect": first("network"),
  "network-disconnect": first("network"),
  "network-inspect": many("network"),
  "network-rm": many("network"),
  "volume-inspect": many("volume"),
  "volume-restore": first("volume"),
  "volume-snapshot": first("volume"),
  "volume-rm": many("volume"),
};

const STATES: Readonly<Record<Exclude<ObjectKind, "image" | "network" | "volume">, readonly string[]>> = {
  container: [],
  running: ["running", "paused", "restarting"],
  startable: ["created", "exited"],
  paused: ["paused"],
  removable: [],
};

/** Names for the argument after `given`; none when it names nothing that the engine knows. */
export async function objectNames(client: Client, key: string, given: readonly string[]): Promise<string[]> {
  const wanted = WANTED[key];
  if (wanted === undefined || given.length >= wanted.most) return [];
  const names = await Promise.all(wanted.kinds.map((kind) => namesOf(client, kind)));
  return names.flat().filter((name) => !given.includes(name));
}

async function namesOf(client: Client, kind: ObjectKind): Promise<string[]> {
  if (kind === "image") return (await client.images.list()).flatMap(({ RepoTags }) => RepoTags.flatMap(imageNames));
  if (kind === "network") return (await client.networks.list()).map(({ Name }) => Name);
  if (kind === "volume") return (await client.volumes.list()).Volumes.map(({ Name }) => Name);
  const containers = await client.containers.list({ all: true, filters: { status: STATES[kind] } });
  return containers.flatMap(({ Names }) => Names.map((name) => name.slice(1)).filter((name) => !name.includes("/")));
}

/** "busybox:latest" may be written without its tag as well. */
function imageNames(name: string): string[] {
  if (name.startsWith("<none>")) return [];
  return name.endsWith(":latest") ? [name, name.slice(0, -":latest".length)] : [name];
}
