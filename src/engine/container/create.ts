/** Creating a container: one row and one directory. Nothing of it runs or is mounted before the start. */
import { mkdirSync, rmSync } from "node:fs";
import { hostname as hostName } from "node:os";
import { nowRfc3339 } from "../../base/clock.ts";
import { invalidParameter } from "../../base/errors.ts";
import { type ContainerId, createId, shortId } from "../../base/ids.ts";
import { type ContainerSpec, INITIAL_STATE } from "../../state/container-record.ts";
import type { ContainerConfig, ContainerCreateRequest, ContainerCreateResponse } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { ImageInspect } from "../../wire/image.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import { recordLinks } from "../network/links.ts";
import { joinedContainer, networkName } from "../network-mode.ts";
import { planMounts } from "../volume/plan.ts";
import { provideVolumes } from "../volume/provide.ts";
import { removeOwned } from "../volume/references.ts";
import { Container } from "./container.ts";
import { wantedEndpoints } from "./endpoints.ts";
import { checkReferences } from "./join.ts";
import { mergeConfig } from "./merge-config.ts";
import { checkName, generateName } from "./names.ts";

/** Throws notFound("No such image: …"), a name conflict, or invalidParameter, leaving nothing behind. */
export async function createContainer(
  ctx: EngineContext,
  wantedName: string | undefined,
  request: ContainerCreateRequest,
): Promise<ContainerCreateResponse> {
  const image = imageOf(ctx, request);
  const id = createId();
  const wanted = completeHostConfig(ctx, request.hostConfig);
  const endpoints = wantedEndpoints(ctx, wanted, request);
  const config = completeConfig(id, mergeConfig(request.config, image.Config), wanted);
  const [path, ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (path === undefined) throw messages.noCommand();
  const { hostConfig, warnings } = ctx.runtime.check(config, wanted);
  checkReferences(ctx, hostConfig);
  refuseStorageOptions(hostConfig);
  const planned = planMounts(ctx, config, hostConfig, createId);
  const spec: ContainerSpec = {
    id,
    createdAt: nowRfc3339(),
    imageId: image.Id,
    imageRef: request.config.Image,
    path,
    args,
    config,
    hostConfig,
    networkingConfig: { EndpointsConfig: { ...endpoints } },
    mounts: planned.map(({ mount }) => mount),
  };
  const name =
    wantedName === undefined || wantedName === "" ? generateName(ctx.registry) : checkName(ctx.registry, wantedName);
  const state = { ...INITIAL_STATE, endpoints };
  const container = new Container(ctx.rows, { name, spec, state });
  ctx.registry.add(container);
  try {
    mkdirSync(ctx.paths.container(id), { mode: 0o710 });
    const others = spec.mounts.flatMap((mount) => (mount.type === "image" ? [mount.imageId] : []));
    await ctx.roots.create(id, image.Id, others);
    await provideVolumes(ctx, container, planned);
    ctx.rows.insert({ name, spec, state });
  } catch (error) {
    ctx.registry.delete(container);
    await removeOwned(ctx, container);
    await ctx.roots.remove(id);
    rmSync(ctx.paths.container(id), { recursive: true, force: true });
    throw error;
  }
  tell(ctx, container, "create");
  return { Id: id, Warnings: [...warnings, ...mountWarnings(hostConfig)] };
}

/** As moby has it (v28 daemon/create.go). */
function mountWarnings({ Mounts }: HostConfig): string[] {
  return Mounts?.some(({ Type }) => Type === "image") === true ? ["Image mount is an experimental feature"] : [];
}

/** Docker's defaults, written down so that inspect shows them and a later engine keeps them. */
function imageOf({ images }: EngineContext, { config, platform }: ContainerCreateRequest): ImageInspect {
  return platform === undefined ? images.inspect(config.Image) : images.inspectFor(config.Image, platform);
}

function completeHostConfig(ctx: EngineContext, wanted: HostConfig): HostConfig {
  const { defaults } = ctx;
  const mode = networkMode(ctx, wanted.NetworkMode);
  return {
    ...wanted,
    NetworkMode: mode,
    Links: recordLinks(ctx, { ...wanted, NetworkMode: mode }),
    IpcMode: wanted.IpcMode || "private",
    CgroupnsMode: wanted.CgroupnsMode || (wanted.Privileged ? "host" : "private"),
    ShmSize: wanted.ShmSize || defaults.shmBytes,
    Runtime: wanted.Runtime || ctx.runtime.defaultName,
    RestartPolicy: { ...wanted.RestartPolicy, Name: wanted.RestartPolicy.Name || "no" },
    LogConfig:
      wanted.LogConfig.Type === ""
        ? { ...defaults.logConfig, Config: { ...defaults.logConfig.Config, ...wanted.LogConfig.Config } }
        : wanted.LogConfig,
    MemorySwap: wanted.Memory > 0 && wanted.MemorySwap === 0 ? 2 * wanted.Memory : wanted.MemorySwap,
    SecurityOpt: securityOptions(wanted),
    ...ctx.runtime.protectedPaths(wanted),
    ...(wanted.Init === undefined && defaults.init ? { Init: true } : {}),
  };
}

/** SELinux lets no labelled process at what is the host's: moby daemon/create.go, generateSecurityOpt. */
function securityOptions({ SecurityOpt, IpcMode, PidMode, Privileged }: HostConfig): string[] | null {
  const isLabelled = (SecurityOpt ?? []).some((option) => option.startsWith("label="));
  const sharesHost = Privileged || IpcMode === "host" || PidMode === "host";
  return sharesHost && !isLabelled ? [...(SecurityOpt ?? []), "label=disable"] : SecurityOpt;
}

/** The upper directories lie on no file system with project quotas of ours. */
function refuseStorageOptions({ StorageOpt }: HostConfig): void {
  if (Object.keys(StorageOpt ?? {}).length === 0) return;
  throw invalidParameter("--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
}

/** Another container is named by its id from now on, as its name may change. */
function networkMode({ registry }: EngineContext, mode: string): string {
  const ref = joinedContainer(mode);
  if (ref === undefined) return networkName(mode);
  try {
    return `container:${registry.find(ref).id}`;
  } catch {
    return mode;
  }
}

function completeConfig(id: ContainerId, config: ContainerConfig, hostConfig: HostConfig): ContainerConfig {
  const { NetworkMode } = hostConfig;
  const isJoined = NetworkMode.startsWith("container:");
  const hostname = config.Hostname || (NetworkMode === "host" ? hostName() : isJoined ? "" : shortId(id));
  return { ...config, Hostname: hostname };
}
