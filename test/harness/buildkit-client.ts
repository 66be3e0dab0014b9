/** A client of BuildKit's protocol without files of its own: contexts are uploaded as tars, results come into memory, stores are maps. */
import type { Duplex } from "../../src/base/duplex.ts";
import { createId } from "../../src/base/ids.ts";
import { nullLogger } from "../../src/base/log.ts";
import { createClient } from "../../src/client/client.ts";
import { GrpcClient } from "../../src/grpc/client.ts";
import { SOLVE, STATUS } from "../../src/grpc/control-methods.ts";
import { bidirectional, type Call, type Endpoint, serverStreaming, unary } from "../../src/grpc/method.ts";
import { serveGrpc } from "../../src/grpc/server.ts";
import {
  CONTENT_INFO,
  CONTENT_READ,
  CONTENT_WRITE,
  GET_SECRET,
  PULL_UPLOAD,
  SEND_BYTES,
} from "../../src/grpc/session-methods.ts";
import { CODE, GrpcError } from "../../src/grpc/status.ts";
import { WRITE } from "../../src/wire/buildkit/session.ts";
import { type ContextFiles, contextTar } from "./classic-build.ts";
import type { TestEngine } from "./engine.ts";

type Attributes = Readonly<Record<string, string>>;

export interface Wish {
  readonly exporters?: readonly { readonly type: string; readonly attrs: Attributes }[];
  readonly cacheTo?: readonly { readonly type: string; readonly attrs: Attributes }[];
  /** As a frontend is told of them. */
  readonly cacheFrom?: readonly { readonly Type: string; readonly Attrs: Attributes }[];
  /** "platform", "build-arg:X", "attest:provenance" … */
  readonly options?: Attributes;
  /** The client's content stores: name -> digest -> bytes. */
  readonly stores?: Stores;
  /** Served besides, or instead. */
  readonly endpoints?: readonly Endpoint[];
  /** What the client answers when it is asked for any secret. */
  readonly secret?: () => Promise<string>;
}

/** A build that goes on, and the two connections of its client. */
export interface Solving {
  /** Rejects with what the build fails with. */
  readonly done: Promise<Outcome>;
  readonly calls: Duplex;
  readonly session: Duplex;
  /** Resolves once the engine tells that a step with this name is being carried out. */
  begun(name: RegExp): Promise<void>;
}

export type Stores = Map<string, Map<string, Buffer>>;

export interface Outcome {
  /** What the client is told, such as "containerimage.digest". */
  readonly answers: ReadonlyMap<string, string>;
  /** What each exporter has sent, by its index. */
  readonly sent: ReadonlyMap<number, Buffer>;
}

/** Rejects with what the build fails with. */
export async function solve(engine: TestEngine, files: ContextFiles, wish: Wish = {}): Promise<Outcome> {
  return (await beginSolve(engine, files, wish)).done;
}

export async function beginSolve(engine: TestEngine, files: ContextFiles, wish: Wish = {}): Promise<Solving> {
  const client = createClient({ socketPath: engine.socketPath });
  const sent = new Map<number, Buffer>();
  const { stores = new Map(), secret } = wish;
  const endpoints = [...sessionEndpoints(contextTar(files), { sent, stores, secret }), ...(wish.endpoints ?? [])];
  const id = createId();
  const methods = endpoints.map(({ path }) => path);
  const session = await client.builds.session({ id, sharedKey: "", methods });
  const byPath = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
  const served = serveGrpc(session, byPath, nullLogger);
  const calls = await client.builds.grpc();
  const control = new GrpcClient(calls);
  const request = requestOf(id, wish);
  const begun = async (name: RegExp): Promise<void> => {
    const status = control.open(STATUS);
    await status.send({ ref: request.ref });
    for await (const { vertexes } of status.answers) {
      if (vertexes.some((vertex) => vertex.started !== undefined && name.test(vertex.name))) return;
    }
    throw new Error(`no step ${name.source} was begun`);
  };
  const solving = async (): Promise<Outcome> => {
    try {
      const { exporterResponse } = await control.call(SOLVE, request);
      return { answers: exporterResponse, sent };
    } finally {
      control.close();
      calls.close();
      session.close();
      await served;
      client.close();
    }
  };
  return { done: solving(), calls, session, begun };
}

function requestOf(session: string, { exporters = [], cacheTo = [], cacheFrom = [], options = {} }: Wish) {
  const toEntry = ({ type, attrs }: { type: string; attrs: Attributes }) => ({
    type,
    attrs: new Map(Object.entries(attrs)),
  });
  const imports = cacheFrom.length === 0 ? {} : { "cache-imports": JSON.stringify(cacheFrom) };
  return {
    ref: createId(),
    session,
    frontend: "dockerfile.v0",
    frontendAttrs: new Map(Object.entries({ context: `http://buildkit-session/${UPLOAD}`, ...options, ...imports })),
    exporters: exporters.map(toEntry),
    cache: { exports: cacheTo.map(toEntry), imports: [] },
  };
}

const UPLOAD = "context";

interface ClientSide {
  readonly sent: Map<number, Buffer>;
  readonly stores: Stores;
  readonly secret: Wish["secret"];
}

function sessionEndpoints(context: Uint8Array, { sent, stores, secret }: ClientSide): Endpoint[] {
  return [
    ...(secret === undefined ? [] : [unary(GET_SECRET, async () => ({ data: Buffer.from(await secret()) }))]),
    bidirectional(PULL_UPLOAD, async function* () {
      yield { data: context };
    }),
    bidirectional(SEND_BYTES, async function* (requests, call) {
      const pieces: Uint8Array[] = [];
      for await (const { data } of requests) pieces.push(data);
      sent.set(Number(header(call, "buildkit-attachable-exporter-id")), Buffer.concat(pieces));
      yield* [];
    }),
    unary(CONTENT_INFO, ({ digest }, call) => ({ info: { digest, size: blobOf(stores, call, digest).length } })),
    serverStreaming(CONTENT_READ, async function* ({ digest, offset }, call) {
      yield { offset, data: Uint8Array.from(blobOf(stores, call, digest).subarray(offset)) };
    }),
    bidirectional(CONTENT_WRITE, async function* (requests, call) {
      const pieces: Uint8Array[] = [];
      for await (const { action, data, expected } of requests) {
        if (action === WRITE.write) pieces.push(data);
        if (action === WRITE.commit) storeOf(stores, call).set(expected, Buffer.concat(pieces));
        yield { action, digest: expected };
      }
    }),
  ];
}

const header = ({ headers }: Call, name: string): string => String(headers[name] ?? "");

function storeOf(stores: Stores, call: Call): Map<string, Buffer> {
  const name = header(call, "buildkit-attachable-store-id");
  const store = stores.get(name) ?? new Map<string, Buffer>();
  stores.set(name, store);
  return store;
}

function blobOf(stores: Stores, call: Call, digest: string): Buffer {
  const blob = storeOf(stores, call).get(digest);
  if (blob === undefined) throw new GrpcError(CODE.notFound, `content ${digest}: not found`);
  return blob;
}
