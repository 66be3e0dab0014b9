/** Exec sessions: more processes in a running container. */
import type { ExecCreateRequest, ExecInspect } from "../wire/exec.ts";
import type { Hijacked, HttpClient } from "./http.ts";

export interface ExecStart {
  readonly tty: boolean;
  /** [rows, columns]. */
  readonly consoleSize?: readonly [number, number] | undefined;
}

export function execApi(http: HttpClient) {
  return {
    /** POST /containers/{container}/exec. */
    create: (container: string, request: Partial<ExecCreateRequest>): Promise<{ Id: string }> =>
      http.json("POST", `/containers/${encodeURIComponent(container)}/exec`, { json: request }),
    /** POST /exec/{id}/start, attached. */
    start: (id: string, { tty, consoleSize }: ExecStart): Promise<Hijacked> =>
      http.hijack("POST", `/exec/${id}/start`, {
        json: { Detach: false, Tty: tty, ...(consoleSize === undefined ? {} : { ConsoleSize: consoleSize }) },
      }),
    /** POST /exec/{id}/start, detached: resolves once the process runs. */
    startDetached: (id: string, { tty }: ExecStart): Promise<void> =>
      http.send("POST", `/exec/${id}/start`, { json: { Detach: true, Tty: tty } }),
    /** GET /exec/{id}/json. */
    inspect: (id: string): Promise<ExecInspect> => http.json("GET", `/exec/${id}/json`),
    /** POST /exec/{id}/resize, in character cells. */
    resize: (id: string, rows: number, columns: number): Promise<void> =>
      http.send("POST", `/exec/${id}/resize`, { query: { h: rows, w: columns } }),
  };
}
