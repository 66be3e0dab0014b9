/** Exec shapes of the Docker Engine API. */

export interface ExecCreateRequest {
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  ConsoleSize: [number, number] | null;
  DetachKeys: string;
  Tty: boolean;
  Env: string[];
  Cmd: string[];
  Privileged: boolean;
  /** "" is the container's own user. */
  User: string;
  WorkingDir: string;
}
export interface ExecStartRequest {
  Detach: boolean;
  Tty: boolean;
  ConsoleSize: [number, number] | null;
}
export interface ExecInspect {
  ID: string;
  Running: boolean;
  ExitCode: number | null;
  ProcessConfig: {
    tty: boolean;
    entrypoint: string;
    arguments: string[];
    privileged: boolean;
    user?: string;
  };
  OpenStdin: boolean;
  OpenStderr: boolean;
  OpenStdout: boolean;
  CanRemove: boolean;
  ContainerID: string;
  DetachKeys: string;
  Pid: number;
}
