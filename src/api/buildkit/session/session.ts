/** A build's client behind its connection: the engine calls, the client serves. */
import { unavailable } from "../../../base/errors.ts";
import type { Session, SessionService } from "../../../build/session.ts";
import { GrpcClient, type Metadata } from "../../../grpc/client.ts";
import { receiveFiles } from "../../../grpc/receive-files.ts";
import { sendFile, sendTree } from "../../../grpc/send-files.ts";
import {
  CHECK_AGENT,
  CONTENT_READ,
  CREDENTIALS,
  FORWARD_AGENT,
  GET_SECRET,
  KNOWN_LIST,
  PULL_UPLOAD,
  SEND_BYTES,
  SEND_TREE,
  SYNC_FILES,
} from "../../../grpc/session-methods.ts";
import { CODE, GrpcError } from "../../../grpc/status.ts";
import { streamOfCall } from "../../../grpc/stream-of-call.ts";
import type { FilesWanted } from "../../../wire/file-transfer.ts";
import { createContentStore } from "./content-store.ts";

export interface SessionFacts {
  readonly id: string;
  readonly sharedKey: string;
  /** Paths of the methods that the client offers. */
  readonly methods: readonly string[];
}

/** The method that tells of each service. */
const SERVICES: Readonly<Record<SessionService, { readonly path: string }>> = {
  files: SYNC_FILES,
  send: SEND_BYTES,
  secrets: GET_SECRET,
  ssh: FORWARD_AGENT,
  auth: CREDENTIALS,
  upload: PULL_UPLOAD,
  content: CONTENT_READ,
};

export function createSession(client: GrpcClient, { id, sharedKey, methods }: SessionFacts): Session {
  const offered = new Set(methods.map((path) => path.toLowerCase()));
  const aborter = new AbortController();
  void client.closed.then(() => aborter.abort(unavailable("the client's session is closed")));
  const offers = (service: SessionService): boolean => offered.has(SERVICES[service].path.toLowerCase());
  return {
    id,
    sharedKey,
    signal: aborter.signal,
    offers,
    files: (name, wanted) => receiveFiles(client.open(SYNC_FILES, filesMetadata(name, wanted))),
    secret: async (secretId) => {
      if (!offers("secrets")) return undefined;
      const answer = await unlessMissing(client.call(GET_SECRET, { id: secretId }));
      return answer?.data;
    },
    hasAgent: async (agent) => {
      if (!offers("ssh")) return false;
      return (await unlessMissing(client.call(CHECK_AGENT, { id: agent }))) !== undefined;
    },
    connectAgent: async (agent) => streamOfCall(client.open(FORWARD_AGENT, { "buildkit.ssh.id": agent })),
    credentials: async (host) => {
      if (!offers("auth")) return undefined;
      const answer = await unlessMissing(client.call(CREDENTIALS, { host }));
      return answer === undefined || answer.secret === "" ? undefined : answer;
    },
    upload: (path) => pullUpload(client, path),
    sendFile: (exporter, bytes) => sendFile(client.open(SEND_BYTES, exporterMetadata(exporter)), bytes),
    sendTree: (exporter, tree) => sendTree(client.open(SEND_TREE, exporterMetadata(exporter)), tree),
    content: (store) => createContentStore(client, store),
  };
}

const exporterMetadata = (exporter: number): Metadata => ({ "buildkit-attachable-exporter-id": String(exporter) });

function filesMetadata(name: string, { include, exclude, follow, known }: FilesWanted): Metadata {
  return {
    "dir-name": name,
    ...listMetadata("include-patterns", include),
    ...listMetadata("exclude-patterns", exclude),
    ...listMetadata("followpaths", follow),
    ...(known === undefined ? {} : { [KNOWN_LIST]: known }),
  };
}

/** Header values are ASCII; a list with anything else goes encoded as a whole. */
function listMetadata(key: string, values: readonly string[]): Metadata {
  if (values.length === 0) return {};
  if (values.every((value) => /^[\x20-\x7e]*$/.test(value))) return { [key]: values };
  return { [key]: values.map((value) => encodeURIComponent(value).replaceAll("%20", "+")), [`${key}-encoded`]: "1" };
}

/** What the client does not have, or does not know, is undefined. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GrpcError && (error.code === CODE.notFound || error.code === CODE.unimplemented)) {
      return undefined;
    }
    throw error;
  }
}

async function* pullUpload(client: GrpcClient, path: string): AsyncGenerator<Uint8Array> {
  const call = client.open(PULL_UPLOAD, { urlpath: path, urlhost: "buildkit-session" });
  for await (const { data } of call.answers) yield data;
}
