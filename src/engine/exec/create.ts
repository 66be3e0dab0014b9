/** Making and showing exec sessions. */
import { invalidParameter } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import type { LiveProcess } from "../../state/container-record.ts";
import type { ExecCreateRequest, ExecInspect } from "../../wire/exec.ts";
import type { Container } from "../container/container.ts";
import { parseDetachKeys } from "../container/detach-keys.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import type { ExecSession } from "./sessions.ts";

/** A container and the client's word for it. */
interface Named {
  readonly container: Container;
  readonly ref: string;
}

export function createExec(ctx: EngineContext, { container, ref }: Named, request: ExecCreateRequest): { Id: string } {
  const { pid } = checkRunning(container, ref);
  if (request.Cmd.length === 0) throw invalidParameter("No exec command specified");
  parseDetachKeys(request.DetachKeys, "escape");
  if (request.User !== "") ctx.runtime.checkUser(pid, request.User);
  const id: string = createId();
  ctx.execs.create(container, { id, container: container.id, request, phase: { at: "created" } });
  tell(ctx, container, `exec_create: ${toldCommand(request)}`, { execID: id });
  return { Id: id };
}

/** As events tell it: Docker's space after the program stands there without arguments, too. */
export const toldCommand = ({ Cmd: [program = "", ...args] }: ExecCreateRequest): string =>
  `${program} ${args.join(" ")}`;

/** The process that a session joins; a conflict when nothing runs that could be joined. */
export function checkRunning(container: Container, ref: string = container.id): LiveProcess {
  if (container.phase.at === "paused") throw messages.pausedExec(ref);
  if (container.phase.at === "restarting") throw messages.restartingContainer(container.id);
  if (container.live === undefined) throw messages.notRunning(container.id);
  return container.live;
}

export function inspectExec(session: ExecSession): ExecInspect {
  const { id, container, request, phase } = session.record;
  const [entrypoint = "", ...args] = request.Cmd;
  return {
    ID: id,
    Running: phase.at === "running",
    ExitCode: phase.at === "exited" ? phase.exitCode : null,
    ProcessConfig: {
      tty: request.Tty,
      entrypoint,
      arguments: args,
      privileged: request.Privileged,
      ...(request.User === "" ? {} : { user: request.User }),
    },
    OpenStdin: request.AttachStdin,
    OpenStderr: request.AttachStderr,
    OpenStdout: request.AttachStdout,
    CanRemove: false,
    ContainerID: container,
    DetachKeys: request.DetachKeys,
    Pid: (phase.at === "running" || phase.at === "exited" ? phase.pid : undefined) ?? 0,
  };
}
