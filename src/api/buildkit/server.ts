/** BuildKit's protocol as a whole. Loaded when the first client asks for it. */
import type { Duplex } from "../../base/duplex.ts";
import type { Logger } from "../../base/log.ts";
import type { Builder } from "../../build/builder.ts";
import { serveGrpc } from "../../grpc/server.ts";
import type { HeaderMap } from "../../wire/http1.ts";
import type { Answer } from "../answer.ts";
import type { WorkerFacts } from "../backend.ts";
import type { Request } from "../http/message.ts";
import { bridgeEndpoints } from "./bridge.ts";
import { classicBuild } from "./classic/build.ts";
import { controlEndpoints } from "./control.ts";
import { OpenBuilds } from "./open-builds.ts";
import { Results } from "./results.ts";
import { sessionFacts } from "./session/facts.ts";
import { SessionRegistry } from "./session/registry.ts";
import type { SessionFacts } from "./session/session.ts";

export interface BuildkitServer {
  /** Both settle when the connection is gone. */
  serveGrpc(peer: Duplex): Promise<void>;
  serveSession(peer: Duplex, facts: SessionFacts): Promise<void>;
  /** Throws invalidParameter for headers that name no session. */
  factsOf(headers: HeaderMap): SessionFacts;
  /** `POST /build`. */
  build(request: Request): Promise<Answer>;
  /** False when no build of this name runs. */
  cancel(ref: string): boolean;
}

export interface BuildkitDeps {
  readonly builder: Builder;
  readonly worker: WorkerFacts;
}

export function createBuildkitServer({ builder, worker }: BuildkitDeps, log: Logger): BuildkitServer {
  const sessions = new SessionRegistry();
  const running = new Map<string, AbortController>();
  const deps = { builder, worker, sessions, builds: new OpenBuilds(), results: new Results() };
  const endpoints = new Map([...controlEndpoints(deps), ...bridgeEndpoints(deps)].map((each) => [each.path, each]));
  return {
    serveGrpc: (peer) => serveGrpc(peer, endpoints, log),
    serveSession: (peer, facts) => sessions.serve(peer, facts),
    // Headers of one name are joined by the parser, as HTTP allows.
    factsOf: (headers) => sessionFacts((name) => headers.get(name)?.split(/,\s*/) ?? []),
    build: (request) => classicBuild({ builder, sessions, running }, request),
    cancel: (ref) => {
      running.get(ref)?.abort(new Error("context canceled"));
      return running.has(ref);
    },
  };
}
