/** Decodes the bodies of exec create and start. */
import { invalidParameter } from "../../base/errors.ts";
import type { ExecCreateRequest, ExecStartRequest } from "../exec.ts";
import { bool, type Decoder, sizePair, string, strings, struct } from "./primitives.ts";

const execOptions: Decoder<ExecCreateRequest> = struct(
  "container.ExecOptions",
  (): ExecCreateRequest => ({
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ConsoleSize: null,
    DetachKeys: "",
    Tty: false,
    Env: [],
    Cmd: [],
    Privileged: false,
    User: "",
    WorkingDir: "",
  }),
  {
    AttachStdin: bool,
    AttachStdout: bool,
    AttachStderr: bool,
    ConsoleSize: sizePair,
    DetachKeys: string,
    Tty: bool,
    Env: strings,
    Cmd: strings,
    Privileged: bool,
    User: string,
    WorkingDir: string,
  },
);

const execStart: Decoder<ExecStartRequest> = struct(
  "container.ExecStartOptions",
  (): ExecStartRequest => ({ Detach: false, Tty: false, ConsoleSize: null }),
  { Detach: bool, Tty: bool, ConsoleSize: sizePair },
);

/** Takes the parsed body; undefined is an empty one. */
export function decodeExecCreate(body: unknown): ExecCreateRequest {
  const request = execOptions(body ?? {}, "ExecOptions");
  if (request.Cmd.length === 0) throw invalidParameter("No exec command specified");
  return request;
}

/** A terminal's size without a terminal is ignored. */
export function decodeExecStart(body: unknown): ExecStartRequest {
  const request = execStart(body ?? {}, "ExecStartOptions");
  return request.Tty ? request : { ...request, ConsoleSize: null };
}
