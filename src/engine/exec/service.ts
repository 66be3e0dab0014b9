/** The exec sessions' part of the engine as the HTTP edge uses it. */

import type { Duplex } from "../../base/duplex.ts";
import type { ExecCreateRequest, ExecStartRequest } from "../../wire/exec.ts";
import type { Container } from "../container/container.ts";
import type { EngineContext } from "../context.ts";
import * as messages from "../messages.ts";
import { checkRunning, createExec, inspectExec } from "./create.ts";
import type { ExecSession } from "./sessions.ts";
import { startAttached, startDetached } from "./start.ts";

// The shape is stated by the edge (api/backend.ts) and checked where the two are wired.
export function createExecService(ctx: EngineContext) {
  const find = (id: string): { session: ExecSession; container: Container } => {
    const session = ctx.execs.find(id);
    return { session, container: ctx.registry.find(session.record.container) };
  };
  return {
    create: async (ref: string, request: ExecCreateRequest) =>
      createExec(ctx, { container: ctx.registry.find(ref), ref }, request),
    inspect: (id: string) => inspectExec(ctx.execs.find(id)),
    startDetached: async (id: string, request: ExecStartRequest): Promise<void> => {
      const { session, container } = find(id);
      await startDetached(ctx, session, container, request);
    },
    startInfo: (id: string, _request: ExecStartRequest): { tty: boolean } => {
      const { session, container } = find(id);
      checkRunning(container);
      return { tty: session.record.request.Tty };
    },
    startAttached: async (id: string, request: ExecStartRequest, hijack: () => Promise<Duplex>): Promise<void> => {
      const { session, container } = find(id);
      await startAttached(ctx, session, container, { request, hijack });
    },
    resize: async (id: string, height: number, width: number): Promise<void> => {
      const { session, container } = find(id);
      checkRunning(container);
      if (session.phase.at === "exited") throw messages.execEnded(id);
      if (session.monitor === undefined) throw messages.execNotStarted();
      if (session.record.request.Tty) await session.monitor.resize(height, width);
    },
  };
}
