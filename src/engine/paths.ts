/** Where an engine keeps things; everything below its own root and run directories. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ContainerId } from "../base/ids.ts";

export interface Paths {
  /** Makes the two directories that hold all containers, and closes them to the host's users. */
  make(): void;
  readonly root: string;
  readonly run: string;
  readonly containers: string;
  readonly runContainers: string;
  /** Durable files of a container: log, hosts, resolv.conf, hostname. */
  container(id: ContainerId): string;
  log(id: ContainerId): string;
  /** The OCI bundle and monitor directory of the present run. */
  bundle(id: ContainerId): string;
  rootfs(id: ContainerId): string;
  exec(id: ContainerId, execId: string): string;
  /** Mount points that are in use for a moment only. */
  readonly views: string;
}

export function createPaths(root: string, run: string): Paths {
  const containers = join(root, "containers");
  const runContainers = join(run, "containers");
  return {
    make: () => {
      for (const dir of [containers, runContainers]) {
        mkdirSync(dir, { recursive: true, mode: 0o710 });
        chmodSync(dir, 0o710);
      }
    },
    root,
    run,
    containers,
    runContainers,
    container: (id) => `${containers}/${id}`,
    log: (id) => `${containers}/${id}/container.log`,
    bundle: (id) => `${runContainers}/${id}`,
    rootfs: (id) => `${runContainers}/${id}/rootfs`,
    views: join(run, "views"),
    exec: (id, execId) => `${runContainers}/${id}/exec/${execId}`,
  };
}
