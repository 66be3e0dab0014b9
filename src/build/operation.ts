/**
 * What a build is made of. A vertex is one operation on the results of its inputs; its digest names the operation and all below it.
 * Data only: a Dockerfile becomes a graph of these, and the solver carries them out.
 */
import type { Lines } from "../dockerfile/place.ts";
import type { CacheSharing } from "../dockerfile/run-mount.ts";
import type { Platform } from "../wire/platform.ts";

export type Digest = `sha256:${string}`;

export interface Vertex {
  /** Of the operation and its inputs' digests: the same graph has the same digests in every build. */
  readonly digest: Digest;
  readonly operation: Operation;
  readonly inputs: readonly Vertex[];
  /** What people read, such as "[build 2/3] RUN make". */
  readonly name: string;
  /** Carried out even when its result is known. */
  readonly ignoreCache: boolean;
  /** Where the Dockerfile asks for it. */
  readonly place: SourcePlace | undefined;
  /** Shown as one with the other vertices of the group (COPY --link). */
  readonly group: { readonly id: string; readonly name: string } | undefined;
}

export interface SourcePlace {
  readonly fileName: string;
  readonly text: string;
  readonly lines: Lines;
}

export type Operation =
  | ImageSource
  | LayoutSource
  | LocalSource
  | DirectorySource
  | GitSource
  | HttpSource
  | ExecOperation
  | FileOperation
  | MergeOperation;

/** An image of the store, or of a registry when the store lacks it. */
export interface ImageSource {
  readonly kind: "image";
  /** Canonical, with tag or digest. */
  readonly reference: string;
  readonly platform: Platform;
  /** "pull" asks the registry even when the store has the name; the others are content with what the store has. */
  readonly resolve: "default" | "pull" | "local";
}

/** An image in an OCI layout on the client's side (`--build-context name=oci-layout://…`). */
export interface LayoutSource {
  readonly kind: "layout";
  readonly store: string;
  readonly reference: string;
  readonly platform: Platform;
}

/** Files of the client, sent over its session. */
export interface LocalSource {
  readonly kind: "local";
  readonly name: string;
  /** The session that has them, when it is not the build's own. */
  readonly session: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Only these paths, and what links among them lead to; all when empty. */
  readonly follow: readonly string[];
  /** Tells apart what would share one copy on the engine's side. */
  readonly keyHint: string;
}

/** Files that lie in a directory of the engine already: the context of `POST /build`. */
export interface DirectorySource {
  readonly kind: "directory";
  readonly path: string;
}

export interface GitSource {
  readonly kind: "git";
  readonly remote: string;
  /** A branch, a tag or a commit; "" is the remote's default. */
  readonly ref: string;
  readonly subdirectory: string;
  /** The commit it must be, or begin with; "" for any. */
  readonly checksum: string;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
}

export interface HttpSource {
  readonly kind: "http";
  readonly url: string;
  /** "sha256:…" that it must have, or "". */
  readonly checksum: string;
  /** "" takes it from the response or the address. */
  readonly fileName: string;
  readonly mode: number | undefined;
}

/** Runs a command in the first input's files; the result is what it changed there. */
export interface ExecOperation {
  readonly kind: "exec";
  readonly args: readonly string[];
  /** "NAME=value". */
  readonly env: readonly string[];
  /** Names whose values do not tell results apart (proxies). */
  readonly envOutsideKey: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  readonly mounts: readonly ExecMount[];
  /** "default", "none", "host", or a network by its name. */
  readonly network: string;
  readonly security: "sandbox" | "insecure";
  readonly hostname: string;
  /** "name:address". */
  readonly extraHosts: readonly string[];
  readonly limits: ExecLimits;
  /** What a failure is called: the command as the user wrote it, for `process "…" did not complete successfully`. */
  readonly shown: string;
}

export interface ExecLimits {
  readonly memoryBytes: number;
  readonly memorySwapBytes: number;
  readonly cpuShares: number;
  readonly cpuPeriodUs: number;
  readonly cpuQuotaUs: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  readonly pids: number;
  /** From its start to its end; 0 for as long as it takes. */
  readonly timeMs: number;
  readonly shmBytes: number;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly cgroupParent: string;
}

/** Those of every container. */
export const NO_LIMITS: ExecLimits = {
  memoryBytes: 0,
  memorySwapBytes: 0,
  cpuShares: 0,
  cpuPeriodUs: 0,
  cpuQuotaUs: 0,
  cpusetCpus: "",
  cpusetMems: "",
  pids: 0,
  timeMs: 0,
  shmBytes: 0,
  ulimits: [],
  cgroupParent: "",
};

export type ExecMount =
  /** Files of the input with this index; what is written to a writable one is thrown away. */
  | {
      readonly type: "bind";
      readonly input: number;
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
    }
  /** Kept between builds, no part of the result or the key. */
  | {
      readonly type: "cache";
      readonly id: string;
      /** What it holds at first; undefined is nothing. */
      readonly input: number | undefined;
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly sharing: CacheSharing;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: "tmpfs"; readonly target: string; readonly sizeBytes: number }
  | {
      readonly type: "secret";
      readonly id: string;
      /** "" for one that is only a variable. */
      readonly target: string;
      readonly env: string | undefined;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: "ssh";
      readonly id: string;
      readonly target: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** A here-document of RUN, readable and executable. */
  | { readonly type: "text"; readonly target: string; readonly text: string };

/** Changes the first input's files (nothing, when there is no input 0) by actions in order. */
export interface FileOperation {
  readonly kind: "file";
  /** Undefined begins with nothing. */
  readonly base: number | undefined;
  readonly actions: readonly FileAction[];
}

export type FileAction = CopyAction | WriteAction | MakeDirectoryAction;

export interface CopyAction {
  readonly do: "copy";
  readonly input: number;
  /** Paths in the input, with wildcards when `wildcards`. Links in them are followed inside the input. */
  readonly sources: readonly string[];
  readonly wildcards: boolean;
  /** Absolute; with a trailing slash it is a directory. */
  readonly destination: string;
  /** "user[:group]" as names of the base or numbers; "" keeps the owners. */
  readonly owner: string;
  /** Octal or symbolic; "" keeps the modes. */
  readonly mode: string;
  /** Patterns of .dockerignore's grammar, relative to each source. */
  readonly exclude: readonly string[];
  /** Keeps the directories that lead to a source (`--parents`): those after the "/./" that is in each of them, with "**" for any number. */
  readonly parents: boolean;
  /** Archives are unpacked: "auto" only local tars as ADD does, "always" anything that is one. */
  readonly unpack: "never" | "auto" | "always";
}

export interface WriteAction {
  readonly do: "write";
  readonly path: string;
  readonly text: string;
  readonly owner: string;
  readonly mode: string;
}

export interface MakeDirectoryAction {
  readonly do: "mkdir";
  readonly path: string;
  /** As in CopyAction; directories that exist stay as they are. */
  readonly owner: string;
}

/** The inputs' layers on top of each other, the lowest first (COPY --link). */
export interface MergeOperation {
  readonly kind: "merge";
}
