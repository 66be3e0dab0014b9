/** Writes what the runtime reads: config.json of a container, process.json of an exec session. On the start path. */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareBind } from "./bind-source.ts";
import { type Driver, PROCESS_FILE } from "./driver/driver.ts";
import type { Host } from "./host.ts";
import type { SeccompFilters } from "./seccomp/cache.ts";
import { prepareSharedMemory } from "./shared-memory.ts";
import { readAccounts } from "./spec/accounts.ts";
import { type ContainerSpecRequest, toContainerSpec } from "./spec/container-spec.ts";
import type { Spec } from "./spec/oci.ts";
import { type ExecProcess, type ProcessContext, toExecProcess } from "./spec/process.ts";
import { hidesPaths } from "./spec/protected-paths.ts";
import {
  checkDeviceMounts,
  checkMountTargets,
  checkRoot,
  checkWorkingDir,
  checkWorkingDirIsNoFile,
} from "./spec/root-check.ts";
import { walkInRoot } from "./spec/root-walk.ts";
import { parseSecurityOptions } from "./spec/security-options.ts";
import type { UserMount } from "./spec/user-mount.ts";

export const CONFIG_FILE = "config.json";

export type BundleRequest = Omit<ContainerSpecRequest, "sharedMemory" | "initPath" | "cgroupParent">;

export interface Bundles {
  /** Throws invalidParameter for a user, path or profile that cannot be; nothing runs by then. */
  write(dir: string, request: BundleRequest, driver: Driver): void;
  writeProcess(
    dir: string,
    request: ExecProcess & Pick<ProcessContext, "config" | "hostConfig"> & { readonly initPid: number },
  ): void;
}

export interface BundlesDeps {
  readonly host: Host;
  readonly filters: SeccompFilters;
  readonly cgroupParent: string;
  readonly initPath: string;
  /** Where bundles lie. */
  readonly containersDir: string;
}

export function createBundles(deps: BundlesDeps): Bundles {
  const { host, cgroupParent, initPath } = deps;
  return {
    write(dir, request, driver) {
      const { hostConfig, rootfs, mounts: wanted } = request;
      checkRoot(rootfs);
      checkWorkingDir(rootfs, request.config.WorkingDir || "/");
      checkWorkingDirIsNoFile(rootfs, request.config.WorkingDir || "/");
      checkMountTargets(rootfs, wanted);
      if (hidesPaths(hostConfig)) checkDeviceMounts(rootfs, wanted, () => driver.masksFromHost());
      const mounts = wanted.map((mount) => (mount.type === "bind" ? prepareBind(mount) : likeCovered(mount, rootfs)));
      const sharedMemory = prepareSharedMemory({
        dir,
        hostConfig,
        containersDir: deps.containersDir,
        donorPid: request.joinPid?.ipc,
      });
      const spec = toContainerSpec({ ...request, mounts, sharedMemory, initPath, cgroupParent }, host);
      writeFileSync(join(dir, CONFIG_FILE), JSON.stringify(withSeccomp(spec, request, driver)), { mode: 0o600 });
    },
    writeProcess(dir, request) {
      const root = `/proc/${request.initPid}/root`;
      const accounts = readAccounts(root);
      const process = toExecProcess({ ...request, accounts, available: host.capabilities }, request);
      checkWorkingDir(root, process.cwd);
      writeFileSync(join(dir, PROCESS_FILE), JSON.stringify(process), { mode: 0o600 });
    },
  };

  function withSeccomp(spec: Spec, { hostConfig }: BundleRequest, driver: Driver): Spec {
    const annotations = hostConfig.Annotations;
    const annotated = annotations === undefined ? spec : { ...spec, annotations };
    const profile = parseSecurityOptions(hostConfig.SecurityOpt).seccomp;
    if (hostConfig.Privileged || profile === "unconfined") return annotated;
    return driver.withSeccomp(annotated, deps.filters.get(profile, spec.process.capabilities.bounding));
  }
}

/** A tmpfs looks like the directory it covers, as with runc, unless told otherwise. */
function likeCovered(mount: UserMount, rootfs: string): UserMount {
  if (mount.options.some((option) => option.startsWith("mode="))) return mount;
  const covered = statSync(join(rootfs, walkInRoot(rootfs, mount.destination)), { throwIfNoEntry: false });
  if (covered === undefined) return mount;
  return { ...mount, options: [...mount.options, `mode=${(covered.mode & 0o7777).toString(8)}`] };
}
