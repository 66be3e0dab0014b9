/** Builds through `POST /build`, as clients without BuildKit's plugin send them. */
import { type TarMember, writeTar } from "../../src/base/tar/writer.ts";
import type { TestEngine } from "./engine.ts";

export interface BuildAnswer {
  readonly status: number;
  /** All text of the steps. */
  readonly output: string;
  readonly error: string;
  readonly imageId: string;
}

/** By path; a member is sent as it is. */
export type ContextFiles = Readonly<Record<string, string | Omit<TarMember, "name">>>;

export function contextTar(files: ContextFiles): Uint8Array<ArrayBuffer> {
  const members = Object.entries(files).map(([name, file]): TarMember => {
    return typeof file === "string" ? { type: "file", name, data: Buffer.from(file) } : { ...file, name };
  });
  return Uint8Array.from(writeTar(members));
}

export async function classicBuild(
  engine: TestEngine,
  files: ContextFiles,
  query: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<BuildAnswer> {
  return sendBuild(engine, contextTar(files), query, signal);
}

export async function sendBuild(
  engine: TestEngine,
  body: Uint8Array<ArrayBuffer>,
  query: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<BuildAnswer> {
  const response = await fetch(`http://docker/v1.47/build?${new URLSearchParams(query).toString()}`, {
    method: "POST",
    unix: engine.socketPath,
    body,
    headers: { "Content-Type": "application/x-tar" },
    ...(signal === undefined ? {} : { signal }),
  });
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  return {
    status: response.status,
    output: parsed.map(({ stream = "" }) => stream).join(""),
    error: parsed.map(({ error, message }) => error ?? message).find((text) => text !== undefined) ?? "",
    imageId: parsed.map(({ aux }) => aux?.ID).find((id) => id !== undefined) ?? "",
  };
}

interface Line {
  readonly stream?: string;
  readonly error?: string;
  readonly message?: string;
  readonly aux?: { readonly ID?: string };
}
