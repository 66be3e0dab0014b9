/** ADD of a web address, and archives that the client uploads under an address of its session: fetched at each build, told by their content. */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, rmSync, utimesSync } from "node:fs";
import { createId } from "../../base/ids.ts";
import { BuildFailure } from "../failure.ts";
import type { HttpSource } from "../operation.ts";
import { digest } from "../solver/keys.ts";
import type { LoadedSource, Step } from "../solver/solver.ts";
import type { RemoteSourceDeps } from "./remote-deps.ts";

/** The result is a directory with the one file. */
export async function loadHttp(
  { dir, trees }: RemoteSourceDeps,
  source: HttpSource,
  step: Step,
): Promise<LoadedSource> {
  const directory = `${dir}/http-${createId()}`;
  mkdirSync(`${directory}/files`, { recursive: true, mode: 0o755 });
  const discard = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    const { hash, name, mtimeMs } = await fetchInto(`${directory}/download`, source, step);
    const path = `${directory}/files/${name}`;
    renameSync(`${directory}/download`, path);
    chmodSync(path, source.mode ?? 0o600);
    utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
    const key = digest("http", { hash, name, mode: source.mode });
    const { tree, release } = trees.adopt(`${directory}/files`, `http-${hash.slice(7, 39)}-${createId().slice(0, 8)}`);
    return {
      tree,
      key,
      isCached: false,
      material: { uri: source.url, digest: { sha256: hash.slice("sha256:".length) } },
      release: () => {
        release();
        discard();
      },
    };
  } catch (error) {
    discard();
    throw error;
  }
}

interface Fetched {
  readonly hash: string;
  readonly name: string;
  readonly mtimeMs: number;
}

async function fetchInto(path: string, { url, checksum, fileName }: HttpSource, step: Step): Promise<Fetched> {
  const { body, name, mtimeMs } = await open(url, step);
  const hash = createHash("sha256");
  const file = Bun.file(path).writer();
  for await (const chunk of body) {
    hash.update(chunk);
    void file.write(chunk);
    await file.flush();
  }
  await file.end();
  const got = `sha256:${hash.digest("hex")}`;
  if (checksum !== "" && checksum !== got) {
    throw new BuildFailure(`digest mismatch ${got}: ${checksum}`, { kind: "invalidParameter" });
  }
  return { hash: got, name: safeName(name ?? (fileName || "download")), mtimeMs };
}

interface Opened {
  readonly body: AsyncIterable<Uint8Array>;
  /** As whoever sends it calls it. */
  readonly name: string | undefined;
  /** 0 when nobody says. */
  readonly mtimeMs: number;
}

/** The host by which clients mean themselves. */
const CLIENT = "http://buildkit-session/";

async function open(url: string, { build, signal }: Step): Promise<Opened> {
  if (url.startsWith(CLIENT)) {
    if (build.session?.offers("upload") !== true) {
      throw new BuildFailure(`failed to load ${url}: the client uploads nothing`, { kind: "invalidParameter" });
    }
    return { body: build.session.upload(url.slice(CLIENT.length - 1)), name: undefined, mtimeMs: 0 };
  }
  const response = await request(url, signal);
  const modified = Date.parse(response.headers.get("last-modified") ?? "");
  return {
    body: response.body ?? new Blob().stream(),
    name: dispositionName(response.headers),
    mtimeMs: Number.isNaN(modified) ? 0 : modified,
  };
}

async function request(url: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    throw new BuildFailure(`failed to load ${url}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  });
  if (response.ok) return response;
  throw new BuildFailure(`failed to load cache key: invalid response status ${response.status}`, { kind: "notFound" });
}

function dispositionName(headers: Headers): string | undefined {
  const header = headers.get("content-disposition") ?? "";
  return /filename="?([^";]+)"?/.exec(header)?.[1];
}

/** A server names a file, never a place. */
function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  return last === "" || last === "." || last === ".." ? "download" : last.replaceAll("\0", "");
}
