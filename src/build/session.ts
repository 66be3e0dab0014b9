/** The client's side of a build as the engine uses it, whatever the wire: its files, secrets, agents and credentials. */
import type { Duplex } from "../base/duplex.ts";
import type { FilesWanted, FileTransfer, OutgoingTree } from "../wire/file-transfer.ts";

export interface Session {
  readonly id: string;
  /** Builds of one client and directory share it, "" when there is none. */
  readonly sharedKey: string;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  offers(service: SessionService): boolean;
  /** Begins to send the files of a named directory. */
  files(name: string, wanted: FilesWanted): FileTransfer;
  /** Undefined when the client has none of this name. Throws for an agent or a secret that it refuses to give. */
  secret(id: string): Promise<Uint8Array | undefined>;
  /** True when the client forwards an agent of this name ("default"). */
  hasAgent(id: string): Promise<boolean>;
  connectAgent(id: string): Promise<Duplex>;
  /** Undefined when the client has none for the host. An empty user name makes the secret an identity token. */
  credentials(host: string): Promise<{ readonly username: string; readonly secret: string } | undefined>;
  /** What the client uploads under an address of its own (a context on stdin). */
  upload(path: string): AsyncIterable<Uint8Array>;
  /** Sends one file to the client, for the exporter with this index. */
  sendFile(exporter: number, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Sends a tree to the client's directory. */
  sendTree(exporter: number, tree: OutgoingTree): Promise<void>;
  /** A content store of the client (caches in a directory, OCI layouts). */
  content(store: string): ContentStore;
}

export type SessionService = "files" | "send" | "secrets" | "ssh" | "auth" | "upload" | "content";

export interface ContentStore {
  /** Undefined when it is not there. */
  size(digest: string): Promise<number | undefined>;
  read(digest: string, offset: number): AsyncIterable<Uint8Array>;
  write(blob: { digest: string; size: number; bytes: AsyncIterable<Uint8Array> }): Promise<void>;
}
