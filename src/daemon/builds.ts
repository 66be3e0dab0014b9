/** The build room as the engine opens it. */
import type { Database } from "bun:sqlite";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Builder } from "../build/builder.ts";
import type { LayerId } from "../build/tree.ts";
import type { EngineContext } from "../engine/context.ts";
import { createRegistryBackend } from "../engine/registries.ts";
import type { ImageStore } from "../image/images.ts";
import { toOciArchitecture } from "../image/platform.ts";
import type { EngineConfig } from "./config.ts";

/** Where the cache lies. */
export const buildDir = ({ root }: EngineConfig): string => join(root, "build");

/** Where steps lie while they run. */
export const buildRunDir = ({ run }: EngineConfig): string => join(run, "build");

/** The build room is as large as all others together: it is read and opened when the first build comes. */
export function buildsOnDemand(
  ctx: EngineContext,
  config: EngineConfig,
  { db, images, pins }: { db: Database; images: ImageStore; pins: ReadonlyMap<LayerId, () => void> },
): () => Promise<Builder> {
  let opened: Promise<Builder> | undefined;
  const open = async (): Promise<Builder> => {
    const { createBuildRoom } = await import("../build/create-build-room.ts");
    return createBuildRoom({
      dir: buildDir(config),
      runDir: buildRunDir(config),
      db,
      images,
      registries: createRegistryBackend(images, config.busyboxPath),
      network: ctx.network,
      runtime: ctx.runtime,
      etcFiles: ctx.etcFiles,
      cgroupParent: config.cgroupParent,
      searchPath: config.searchPath,
      architecture: toOciArchitecture(process.arch),
      cpus: cpus().length,
      collect: config.builder.collect,
      entitlements: config.builder.entitlements,
      pins,
      log: ctx.log,
    });
  };
  return () => {
    // What failed, such as for want of space, may go another time.
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}
