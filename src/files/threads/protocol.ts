/** What the engine and a file thread say to each other. Jobs of one thread run side by side, told apart by their numbers. */
import type { LentBody } from "../../base/lent-socket.ts";
import type { FileStat } from "../../kernel/read-at.ts";
import type { Block } from "../blocks.ts";
import type { Change } from "../changes.ts";
import type { Slice } from "../compression.ts";
import type { PackOptions } from "../pack.ts";
import type { UnpackOptions } from "../unpack.ts";
import type { ViewRequest } from "../view-request.ts";

export type Job =
  /** Answers with the facts about the path; then it sends blocks, as many as it is granted, or all of them into a socket. */
  | { readonly kind: "pack"; readonly view: ViewRequest; readonly options: PackOptions }
  /** Answers with the facts about the path; then it takes chunks of an archive, or receives one from a socket. */
  | { readonly kind: "unpack"; readonly view: ViewRequest; readonly options: UnpackOptions }
  /** Sends bytes and stretches of files into a socket, which the thread owns from now on, as chunks of HTTP/1.1. */
  | { readonly kind: "send"; readonly fd: number; readonly pieces: readonly (Block | Slice)[] }
  /** Writes the body of an HTTP message into a new file, telling how long that has become. */
  | { readonly kind: "store"; readonly path: string; readonly maxBytes: number; readonly body: SocketBody }
  | { readonly kind: "stat"; readonly view: ViewRequest; readonly path: string }
  | { readonly kind: "changes"; readonly upper: string; readonly image: string };

/** A path that was found. */
export interface PathFacts {
  readonly stat: FileStat;
  /** Whether something is mounted over it, and whether that, or else the root, is read-only. */
  readonly isMounted: boolean;
  readonly isReadOnly: boolean;
  /** Where a link leads in the end, as an absolute path; "" for everything else. */
  readonly target: string;
}

export type ToThread =
  | { readonly type: "job"; readonly id: number; readonly job: Job }
  /** So many blocks more may be sent. */
  | { readonly type: "grant"; readonly id: number; readonly blocks: number }
  /** A socket, which the thread owns from now on, takes all blocks as chunks of HTTP/1.1. */
  | { readonly type: "sendTo"; readonly id: number; readonly fd: number }
  /** A socket, which the thread owns from now on, gives the body of an HTTP message, of which `arrived` has come already. */
  | ({ readonly type: "receive"; readonly id: number } & SocketBody)
  | { readonly type: "chunk"; readonly id: number; readonly bytes: Block }
  | { readonly type: "end"; readonly id: number }
  /** Answered by "failed", once everything is closed. */
  | { readonly type: "cancel"; readonly id: number };

export interface SocketBody {
  readonly fd: number;
  readonly arrived: Uint8Array;
  readonly framing: LentBody["framing"];
}

export interface Failure {
  readonly message: string;
  /** Of a system call that failed, such as "ENOENT", and what it means. */
  readonly code?: string;
  readonly meaning?: string;
  /** The archive is to blame. */
  readonly isArchive: boolean;
}

export type FromThread =
  | { readonly type: "found"; readonly id: number; readonly facts: PathFacts }
  | { readonly type: "block"; readonly id: number; readonly bytes: Block }
  /** A chunk has been used up. */
  | { readonly type: "taken"; readonly id: number }
  | { readonly type: "changes"; readonly id: number; readonly changes: readonly Change[] }
  | { readonly type: "stored"; readonly id: number; readonly bytes: number }
  /** `rest` is what was received beyond the body. */
  | { readonly type: "done"; readonly id: number; readonly rest?: Uint8Array }
  | { readonly type: "failed"; readonly id: number; readonly failure: Failure };
