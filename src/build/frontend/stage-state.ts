/** A stage while its instructions are gone through. Values only. */
import type { Directives } from "../../dockerfile/directives.ts";
import type { Platform } from "../../wire/platform.ts";
import type { Vertex } from "../operation.ts";
import type { Scope } from "./environment.ts";
import type { ImageState } from "./image-state.ts";

export interface StageState {
  readonly vertex: Vertex;
  readonly image: ImageState;
  readonly scope: Scope;
  readonly platform: Platform;
  /** This stage, or one that it builds on in this file, has said CMD after its last ENTRYPOINT. */
  readonly hasCommand: boolean;
}

/** How words of this file are read. */
export type Escape = Directives["escape"];

export const workingDirOf = ({ image }: StageState): string => image.config.WorkingDir || "/";
