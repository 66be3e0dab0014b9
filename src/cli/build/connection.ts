/** The two connections of a command that speaks BuildKit's protocol. Read only when a build begins: Node's HTTP/2 is large. */
import { createLogger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { GrpcClient } from "../../grpc/client.ts";
import type { Endpoint } from "../../grpc/method.ts";
import { serveGrpc } from "../../grpc/server.ts";
import { createName } from "./names.ts";

/** Calls to the engine. */
export async function openControl({ builds }: Client): Promise<GrpcClient & Disposable> {
  const control = new GrpcClient(await builds.grpc());
  return Object.assign(control, { [Symbol.dispose]: () => control.close() });
}

export interface OpenSession extends Disposable {
  readonly id: string;
}

/** Calls from the engine, until disposed: then the engine gives up what it does for this client. */
export async function openSession(
  { builds }: Client,
  sharedKey: string,
  endpoints: readonly Endpoint[],
): Promise<OpenSession> {
  const id = createName();
  const peer = await builds.session({ id, sharedKey, methods: endpoints.map(({ path }) => path) });
  const byPath = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
  void serveGrpc(
    peer,
    byPath,
    createLogger(() => undefined),
  );
  return { id, [Symbol.dispose]: () => peer.close() };
}
