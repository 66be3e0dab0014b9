/** Exec sessions after a restart of the engine: the running ones are watched again, the others are told ended. */
import type { ExecRecord } from "../../state/exec-record.ts";
import type { EngineContext } from "../context.ts";
import { endExec, LOST_EXIT_CODE, watchEnd } from "../exec/start.ts";

export async function recoverExecs(ctx: EngineContext): Promise<void> {
  await Promise.all(ctx.rows.allExecs().map((record) => recoverExec(ctx, record)));
}

async function recoverExec(ctx: EngineContext, record: ExecRecord): Promise<void> {
  const container = ctx.registry.byId(record.container);
  if (container === undefined) return ctx.rows.deleteExec(record.id);
  const session = ctx.execs.adopt(container, record);
  if (record.phase.at === "created") return;
  if (record.phase.at === "exited") return ctx.execs.forgetLater(container, session);
  const dir = ctx.paths.exec(container.id, record.id);
  session.monitor = await ctx.runtime.reconnect(dir);
  if (session.monitor === undefined) {
    return endExec(ctx, session, container, ctx.runtime.exitRecord(dir)?.exitCode ?? LOST_EXIT_CODE);
  }
  session.monitor.release();
  session.ended = session.monitor.started.then(
    ({ pid }) => {
      session.enter({ at: "running", pid });
      return watchEnd(ctx, session, container);
    },
    (error: unknown) => endExec(ctx, session, container, ctx.runtime.explain(error, "exec").exitCode),
  );
}
