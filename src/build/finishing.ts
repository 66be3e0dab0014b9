/** What the end of a build works with. */
import type { SbomDeps } from "./attest/sbom.ts";
import type { Build, Outputs, PlannedResult } from "./builder.ts";
import type { MountLayersDeps } from "./cache-transfer/mount-layers.ts";
import type { ImageExportDeps } from "./export/image-export.ts";
import type { BuildRun } from "./solver/solver.ts";

export interface FinishDeps {
  readonly exports: ImageExportDeps;
  readonly mounts: MountLayersDeps;
  readonly scans: SbomDeps;
}

export interface Finishing {
  readonly build: Build;
  readonly run: BuildRun;
  readonly results: readonly PlannedResult[];
  readonly outputs: Outputs;
}
