/** What the engine and a build thread say to each other: one question, one answer. */
import type { FileAction } from "../operation.ts";
import type { ContentWanted } from "../tree.ts";

/** Roots are paths of directories, such as /proc/self/fd/<n>, which all threads of the process share. */
export type Job =
  | { readonly kind: "digest"; readonly root: string; readonly wanted: ContentWanted }
  | ApplyJob
  | { readonly kind: "read"; readonly root: string; readonly path: string; readonly maxBytes: number }
  /** Fills an empty directory with a copy of another one. */
  | { readonly kind: "copy"; readonly root: string; readonly to: string }
  /** Writes everything on the root's file system to the disk. */
  | { readonly kind: "sync"; readonly root: string };

/** Carries out file actions on a mounted tree. */
export interface ApplyJob {
  readonly kind: "apply";
  readonly root: string;
  /** Where names of users are looked up. */
  readonly accounts: string;
  /** Where what is changed on the mount comes to lie. */
  readonly layer: string;
  /** The trees that copies read, by the number in the action. */
  readonly sources: readonly ApplySource[];
  readonly actions: readonly FileAction[];
  /** Directories and written files have this time, when there is one: Unix seconds. */
  readonly epoch: number | undefined;
}

export interface ApplySource {
  readonly root: string;
  /** Its files never change, and may have names in the layer as well. */
  readonly isShareable: boolean;
}

export type Outcome =
  | { readonly kind: "digest"; readonly digest: string }
  | { readonly kind: "apply" | "copy" | "sync" }
  /** Undefined when there is no such file. */
  | { readonly kind: "read"; readonly bytes: Uint8Array | undefined };

export interface Failure {
  readonly message: string;
  /** Of a system call, such as "ENOENT". */
  readonly code?: string;
  /** A path that a build asks for is not there. */
  readonly isMissing: boolean;
}

export type ToThread = { readonly id: number; readonly job: Job };
export type FromThread =
  | { readonly id: number; readonly outcome: Outcome }
  | { readonly id: number; readonly failure: Failure };
