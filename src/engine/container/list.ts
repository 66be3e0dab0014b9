/** GET /containers/json: the newest first. */
import { toUnixMs } from "../../base/clock.ts";
import type { ContainerState } from "../../state/container-record.ts";
import type { ContainerSummary, PortSummary } from "../../wire/container.ts";
import type { Filters } from "../../wire/filters.ts";
import type { EngineContext } from "../context.ts";
import { linkedNames } from "../network/links.ts";
import { toSummaryMounts } from "../volume/mount-point.ts";
import type { Container } from "./container.ts";
import { createListFilter, impliesAll } from "./list-filter.ts";
import { sizesOf } from "./sizes.ts";
import { statusText, toStatus } from "./status-text.ts";

export interface ListOptions {
  readonly all: boolean;
  /** 0 or less is no limit; a limit implies `all`. */
  readonly limit: number;
  readonly size: boolean;
  readonly filters: Filters;
}

export async function listContainers(ctx: EngineContext, options: ListOptions): Promise<ContainerSummary[]> {
  const passes = createListFilter(ctx, options.filters);
  const isWholeList = options.all || options.limit > 0 || impliesAll(options.filters);
  const chosen = ctx.registry
    .all()
    .filter((container) => (isWholeList || container.isUp) && passes(container))
    .sort((a, b) => (a.spec.createdAt < b.spec.createdAt ? 1 : -1));
  const limited = options.limit > 0 ? chosen.slice(0, options.limit) : chosen;
  const nowMs = Date.now();
  return Promise.all(
    limited.map(async (container) => ({
      ...toSummary(ctx, container, nowMs),
      ...(options.size ? await listedSizes(ctx, container) : {}),
    })),
  );
}

/** A container without files of its own has no SizeRw (moby's omitempty). */
async function listedSizes(
  ctx: EngineContext,
  container: Container,
): Promise<Pick<ContainerSummary, "SizeRw" | "SizeRootFs">> {
  const { SizeRw, SizeRootFs } = await sizesOf(ctx, container);
  return SizeRw === 0 ? { SizeRootFs } : { SizeRw, SizeRootFs };
}

function toSummary(ctx: EngineContext, container: Container, nowMs: number): ContainerSummary {
  const { spec, state } = container;
  const { hostConfig, config } = spec;
  return {
    Id: container.id,
    Names: [`/${container.name}`, ...linkedNames(ctx, container)],
    Image: imageName(ctx, container),
    ImageID: spec.imageId,
    Command: [spec.path, ...spec.args].map(quoteWord).join(" "),
    Created: Math.floor(toUnixMs(spec.createdAt) / 1000),
    Ports: toPortSummaries(state.ports),
    Labels: config.Labels,
    State: toStatus(state),
    Status: statusText(state, nowMs),
    ...(state.health === undefined
      ? {}
      : { Health: { Status: state.health.Status, FailingStreak: state.health.FailingStreak } }),
    HostConfig: {
      NetworkMode: hostConfig.NetworkMode,
      ...(hostConfig.Annotations === undefined ? {} : { Annotations: hostConfig.Annotations }),
    },
    NetworkSettings: { Networks: { ...state.endpoints } },
    Mounts: toSummaryMounts(ctx, spec),
  };
}

/** The reference as the user wrote it, unless it names another image by now: then the id. */
function imageName(ctx: EngineContext, { spec }: Container): string {
  try {
    if (ctx.images.inspect(spec.imageRef).Id === spec.imageId) return spec.imageRef;
  } catch {
    return spec.imageId;
  }
  return spec.imageId;
}

/** Words with spaces are single-quoted, as moby's formatting of Command has it. */
function quoteWord(word: string): string {
  return word.includes(" ") ? `'${word}'` : word;
}

function toPortSummaries(ports: ContainerState["ports"]): PortSummary[] {
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [port = "0", Type = "tcp"] = key.split("/");
    const PrivatePort = Number(port);
    if (bindings === null) return [{ PrivatePort, Type }];
    return bindings.map(({ HostIp, HostPort }) => ({
      IP: HostIp,
      PrivatePort,
      ...(HostPort === "" ? {} : { PublicPort: Number(HostPort) }),
      Type,
    }));
  });
}
