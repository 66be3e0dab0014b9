/** Making an image of a container (POST /commit, moby daemon/commit.go). */
import { applyChanges } from "../../image/changes/changes.ts";
import { familiar, parseRepoTag } from "../../image/reference.ts";
import type { ContainerConfig } from "../../wire/container.ts";
import type { ImageConfig } from "../../wire/image.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import type { Container } from "./container.ts";
import { mergeConfig } from "./merge-config.ts";

export interface CommitOptions {
  /** "" leaves the image without a name. */
  readonly repo: string;
  readonly tag: string;
  readonly author: string;
  readonly comment: string;
  /** Dockerfile instructions. */
  readonly changes: readonly string[];
  /** Keep its processes still meanwhile. */
  readonly pause: boolean;
  /** In place of the container's own, which completes it. */
  readonly config: ContainerConfig | undefined;
}

/** The image's id. Nobody else acts on the container meanwhile. Throws a conflict for one that is going, invalidParameter for bad options. */
export async function commitContainer(
  ctx: EngineContext,
  container: Container,
  options: CommitOptions,
): Promise<{ Id: string }> {
  const name = parseRepoTag(options.repo, options.tag);
  const own = container.spec.config;
  const changed = applyChanges(imagePart(options.config ?? own), options.changes);
  const { Env, OnBuild = null, Labels } = changed;
  const config = mergeConfig({ ...own, ...changed, Env: Env ?? [], OnBuild, Labels: Labels ?? {} }, own);
  using _held = await ctx.locks.acquire(container.id);
  checkCommittable(container);
  await using undo = new AsyncDisposableStack();
  if (options.pause && container.phase.at === "running") undo.defer(await freeze(ctx, container));
  const { blocks } = await ctx.files.pack({ root: ctx.roots.upper(container.id) }, { layer: true });
  const id = await ctx.images.commit({
    parentId: container.spec.imageId,
    config: imagePart(config),
    author: options.author,
    comment: options.comment,
    createdBy: (own.Cmd ?? []).join(" "),
    name,
    layer: blocks,
  });
  const imageRef = name === undefined ? "" : familiar(name);
  tell(ctx, container, "commit", { comment: options.comment, imageID: id, imageRef });
  return { Id: id };
}

function checkCommittable({ id, phase }: Container): void {
  if (phase.at === "dead" || phase.at === "removing") throw messages.notCommittable(id, phase.at);
}

/** Its record still says that it runs: should this engine die, the next one thaws it. Returns how to thaw it. */
async function freeze(ctx: EngineContext, container: Container): Promise<() => Promise<void>> {
  const { hostConfig } = container.spec;
  await ctx.runtime.pause(container.id, hostConfig);
  tell(ctx, container, "pause");
  return async () => {
    await ctx.runtime.resume(container.id, hostConfig);
    tell(ctx, container, "unpause");
  };
}

/** What of a container's configuration an image can have. */
function imagePart(config: ContainerConfig | ImageConfig): ImageConfig {
  const { User, Env, Entrypoint, Cmd, Volumes, WorkingDir, Labels, OnBuild = null } = config;
  const { ExposedPorts, StopSignal, Healthcheck, Shell, ArgsEscaped } = config;
  return {
    User,
    ...(ExposedPorts === undefined ? {} : { ExposedPorts }),
    Env,
    Entrypoint,
    Cmd,
    Volumes,
    WorkingDir,
    Labels,
    ...(StopSignal === undefined ? {} : { StopSignal }),
    ...(Healthcheck === undefined ? {} : { Healthcheck }),
    OnBuild,
    ...(Shell === undefined ? {} : { Shell }),
    ...(ArgsEscaped === undefined ? {} : { ArgsEscaped }),
  };
}
