/** Uploads that are under way, on disk: where the registry said that each goes on, for the push after a restart. */
import { mkdirSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { digestOf } from "../digest.ts";
import type { Digest } from "../reference.ts";
import type { Repository } from "./repository.ts";

export interface UploadSessions {
  get(target: Repository, digest: Digest): Promise<URL | undefined>;
  put(target: Repository, digest: Digest, location: URL): Promise<void>;
  drop(target: Repository, digest: Digest): Promise<void>;
}

/** One small file each in `dir`, which is made when missing. What it says is a hint: the registry is asked before it is followed. */
export function createUploadSessions(dir: string): UploadSessions {
  const pathOf = (target: Repository, digest: Digest): string => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const key = digestOf(`${target.endpoint?.origin ?? ""}/${target.path}@${digest}`);
    return `${dir}/${key.slice("sha256:".length)}.session`;
  };
  return {
    async get(target, digest) {
      const text = await readFile(pathOf(target, digest), "utf8").catch(() => "");
      const url = URL.parse(text.trim());
      return url !== null && url.origin === target.endpoint?.origin ? url : undefined;
    },
    async put(target, digest, location) {
      const path = pathOf(target, digest);
      await writeFile(`${path}.new`, location.href, { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
    drop: (target, digest) => rm(pathOf(target, digest), { force: true }),
  };
}
