/** The clients' sessions by id. Builds and their sessions arrive in any order, so that a build waits a while for its session. */
import type { Duplex } from "../../../base/duplex.ts";
import { unavailable } from "../../../base/errors.ts";
import type { Session } from "../../../build/session.ts";
import { GrpcClient } from "../../../grpc/client.ts";
import { createSession, type SessionFacts } from "./session.ts";

const WAIT_MS = 5_000;

export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  readonly #waiting = new Map<string, PromiseWithResolvers<Session>>();

  /** Serves one client until its connection is gone. A second session of the same id replaces the first. */
  async serve(peer: Duplex, facts: SessionFacts): Promise<void> {
    const client = new GrpcClient(peer);
    const session = createSession(client, facts);
    this.#sessions.set(facts.id, session);
    this.#waiting.get(facts.id)?.resolve(session);
    this.#waiting.delete(facts.id);
    await client.closed;
    if (this.#sessions.get(facts.id) === session) this.#sessions.delete(facts.id);
  }

  /** Throws unavailable when the session does not come within some seconds. */
  async get(id: string): Promise<Session> {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    const waiting = this.#waiting.get(id) ?? Promise.withResolvers<Session>();
    this.#waiting.set(id, waiting);
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      waiting.reject(unavailable(`no active session for ${id}: context deadline exceeded`));
    }, WAIT_MS);
    try {
      return await waiting.promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
