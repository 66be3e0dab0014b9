/** Operations by their kinds. Those that few builds need are loaded when the first one comes. */
import type { LoadedSource, Operations } from "../solver/solver.ts";
import type { Tree } from "../tree.ts";
import { type DirectorySourceDeps, loadDirectory } from "./directory-source.ts";
import { type ExecDeps, runProcess } from "./exec/exec.ts";
import { changeFiles, type FilesDeps } from "./files.ts";
import { type ImageSourceDeps, loadImage } from "./image-source.ts";
import type { LayoutSourceDeps } from "./layout-source.ts";
import { type LocalSourceDeps, loadLocal } from "./local-source.ts";
import type { RemoteSourceDeps } from "./remote-deps.ts";

export interface OperationsDeps {
  readonly images: ImageSourceDeps;
  readonly layouts: LayoutSourceDeps;
  readonly locals: LocalSourceDeps;
  readonly directories: DirectorySourceDeps;
  readonly remotes: RemoteSourceDeps;
  readonly files: FilesDeps;
  readonly exec: ExecDeps;
}

export function createOperations(deps: OperationsDeps): Operations {
  return {
    load: async (operation, step): Promise<LoadedSource> => {
      switch (operation.kind) {
        case "image":
          return loadImage(deps.images, operation, step);
        case "layout":
          return (await import("./layout-source.ts")).loadLayout(deps.layouts, operation, step);
        case "local":
          return loadLocal(deps.locals, operation, step);
        case "directory":
          return loadDirectory(deps.directories, operation);
        case "git":
          return (await import("./git-source.ts")).loadGit(deps.remotes, operation, step);
        case "http":
          return (await import("./http-source.ts")).loadHttp(deps.remotes, operation, step);
      }
    },
    change: (operation, inputs, step): Promise<Tree> =>
      operation.kind === "file"
        ? changeFiles(deps.files, operation, inputs, step)
        : runProcess(deps.exec, operation, { inputs, step }),
  };
}
