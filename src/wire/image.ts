/** Image shapes of the Docker Engine API. */
import type { HealthConfig } from "./container.ts";

/** The part of an OCI image configuration that containers inherit. */
export interface ImageConfig {
  User: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Env: string[] | null;
  Entrypoint: string[] | null;
  Cmd: string[] | null;
  Volumes: Record<string, Record<string, never>> | null;
  WorkingDir: string;
  Labels: Record<string, string> | null;
  StopSignal?: string;
  Healthcheck?: HealthConfig;
  OnBuild?: string[] | null;
  Shell?: string[];
  ArgsEscaped?: boolean;
}

export interface ImageInspect {
  /** "sha256:…" of the image configuration. */
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  Created: string;
  DockerVersion: string;
  Author: string;
  Config: ImageConfig;
  Architecture: string;
  Variant?: string;
  Os: string;
  Size: number;
  VirtualSize?: number;
  GraphDriver: { Name: string; Data: Record<string, string> | null };
  RootFS: { Type: "layers"; Layers: string[] };
  Metadata: { LastTagTime: string };
}

export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: string[];
  RepoDigests: string[];
  /** Unix seconds. */
  Created: number;
  /** Bytes. */
  Size: number;
  SharedSize: number;
  VirtualSize?: number;
  Labels: Record<string, string> | null;
  /** -1 when it was not counted. */
  Containers: number;
}

export interface ImageDeleteItem {
  Untagged?: string;
  Deleted?: string;
}

/** A line of the JSON progress streams of load, import and pull. */
export interface ProgressLine {
  stream?: string;
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
  errorDetail?: { code?: number; message: string };
}
