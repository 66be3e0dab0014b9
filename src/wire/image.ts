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
  /** RFC 3339; absent when the image does not say. */
  Created?: string;
  DockerVersion: string;
  Author: string;
  Config: ImageConfig;
  Architecture: string;
  Variant?: string;
  Os: string;
  Size: number;
  VirtualSize?: number;
  GraphDriver: { Name: string; Data: Record<string, string> | null };
  /** Layers are absent when there are none. */
  RootFS: { Type: "layers"; Layers?: string[] };
  Metadata: { LastTagTime: string };
  /** Where it was pulled from. */
  Identity?: { Pull: { Repository: string }[] };
  /** Only when manifests are asked for. */
  Descriptor?: OciDescriptor;
  Manifests?: ImageManifestSummary[];
}

type Unset = "Parent" | "Comment" | "DockerVersion" | "Author";

/** The same as newer versions of the API show it: what is not set is not there. */
export type ShownImage = Omit<ImageInspect, Unset | "Config"> &
  Partial<Pick<ImageInspect, Unset>> & { Config: Partial<ImageConfig> };

export interface OciDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

export interface OciPlatform {
  architecture: string;
  os: string;
  variant?: string;
}

/** One manifest of an image: its own, one for another platform, or an attestation. */
export interface ImageManifestSummary {
  ID: string;
  Descriptor: OciDescriptor;
  /** Everything it names is stored. */
  Available: boolean;
  /** Bytes: of documents, and with the layers. */
  Size: { Content: number; Total: number };
  Kind: "image" | "attestation" | "unknown";
  ImageData?: { Platform: OciPlatform; Containers: string[]; Size: { Unpacked: number } };
  AttestationData?: { For: string };
}

export interface ImageHistoryItem {
  Id: string;
  /** Unix seconds. */
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  Size: number;
  Comment: string;
}

/** A file or directory that one image has otherwise than another. */
export interface ImageFileChange {
  Path: string;
  /** 0 modified, 1 added, 2 deleted, as in the changes of containers. */
  Kind: 0 | 1 | 2;
  /** Bytes of a regular file, now and before. */
  Size: number;
  OldSize: number;
}

/** A field of the configuration; text, or JSON for anything else, "" for nothing. */
export interface ImageConfigChange {
  Field: string;
  From: string;
  To: string;
}

/** tare's own: GET /images/{name}/diff. */
export interface ImageDiff {
  Config: ImageConfigChange[];
  /** Sorted by path. */
  Changes: ImageFileChange[];
}

export interface ImagePruneReport {
  ImagesDeleted: ImageDeleteItem[] | null;
  SpaceReclaimed: number;
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
  /** Only when manifests are asked for. */
  Descriptor?: OciDescriptor;
  Manifests?: ImageManifestSummary[];
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
  /** For programs: of a push the tag, its digest and the manifest's size; of a pull that was asked for it, what is missing. */
  aux?: {
    readonly Tag?: string;
    readonly Digest?: string;
    readonly Size?: number;
    readonly ID?: string;
    readonly Layers?: readonly { readonly ID: string; readonly Size: number }[];
  };
}
