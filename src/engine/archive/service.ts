/** Files of containers as the HTTP edge uses them. Copies are rare: their code is read when the first one comes. */
import type { OutgoingBody } from "../../base/lent-socket.ts";
import type { FilesystemChange, PathStat } from "../../wire/archive.ts";
import type { EngineContext } from "../context.ts";
import type { ExtractOptions, PathArchive } from "./archive.ts";

// The shape is stated by the edge (api/backend.ts) and checked where the two are wired.
export function createArchiveService(ctx: EngineContext) {
  const target = (ref: string, path: string) => ({ container: ctx.registry.find(ref), ref, path });
  return {
    stat: async (ref: string, path: string): Promise<PathStat> => {
      const { statPath } = await import("./archive.ts");
      return statPath(ctx, target(ref, path));
    },
    read: async (ref: string, path: string): Promise<PathArchive> => {
      const { readArchive } = await import("./archive.ts");
      return readArchive(ctx, target(ref, path));
    },
    extract: async (ref: string, path: string, options: ExtractOptions): Promise<void> => {
      const { extractArchive } = await import("./archive.ts");
      await extractArchive(ctx, target(ref, path), options);
    },
    changes: async (ref: string): Promise<FilesystemChange[]> => {
      const { listChanges } = await import("./changes.ts");
      return listChanges(ctx, ctx.registry.find(ref));
    },
    export: async (ref: string): Promise<OutgoingBody> => {
      const { exportContainer } = await import("./export.ts");
      return exportContainer(ctx, ctx.registry.find(ref));
    },
  };
}
