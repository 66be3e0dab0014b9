/**
 * Manifest lists that are being put together, in the layout of Docker's client:
 * <config dir>/manifests/<list's name>/<image's name>, each file one image's manifest as JSON.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../../base/errors.ts";
import type { RemoteManifest, WirePlatform } from "../../wire/registry.ts";
import { CommandError } from "../errors.ts";
import { canonicalName, type ImageName, splitName, withDefaultTag } from "./name.ts";

export interface ListedPlatform extends WirePlatform {
  "os.version"?: string;
  "os.features"?: readonly string[];
}

export interface ListedManifest extends RemoteManifest {
  /** As written when it was added, with its tag. */
  readonly Ref: string;
  readonly Descriptor: RemoteManifest["Descriptor"] & { platform?: ListedPlatform };
}

export interface ManifestStore {
  /** Of a list, in the order of their file names; undefined when there is no such list. */
  list(list: ImageName): Promise<ListedManifest[] | undefined>;
  get(list: ImageName, image: ImageName): Promise<ListedManifest | undefined>;
  put(list: ImageName, manifest: ListedManifest): Promise<void>;
  remove(list: ImageName): void;
}

export function openManifestStore(configDir: string): ManifestStore {
  const root = join(configDir, "manifests");
  const dirOf = (list: ImageName): string => join(root, fileName(list));
  const read = (path: string): Promise<ListedManifest | undefined> => readManifestFile(path);
  return {
    async list(list) {
      const names = namesIn(dirOf(list));
      if (names === undefined) return undefined;
      const found = await Promise.all(names.map((name) => read(join(dirOf(list), name))));
      return found.filter((each) => each !== undefined);
    },
    get: (list, image) => read(join(dirOf(list), fileName(image))),
    async put(list, manifest) {
      mkdirSync(dirOf(list), { recursive: true, mode: 0o755 });
      const path = join(dirOf(list), fileName(splitName(manifest.Ref)));
      await writeFile(`${path}.${process.pid}`, JSON.stringify(manifest));
      await rename(`${path}.${process.pid}`, path);
    },
    remove: (list) => rmSync(dirOf(list), { recursive: true, force: true }),
  };
}

/** "docker.io/library/a:1" is kept as "docker.io_library_a-1". */
function fileName(name: ImageName): string {
  return canonicalName(withDefaultTag(name)).replaceAll(":", "-").replaceAll("/", "_");
}

function namesIn(dir: string): string[] | undefined {
  try {
    return readdirSync(dir).toSorted();
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return undefined;
  }
}

async function readManifestFile(path: string): Promise<ListedManifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return undefined;
  }
  const parsed: unknown = JSON.parse(text);
  if (!isListed(parsed)) throw new CommandError(`${path} holds no manifest`);
  return parsed;
}

function isListed(value: unknown): value is ListedManifest {
  return typeof value === "object" && value !== null && "Ref" in value && "Descriptor" in value && "Raw" in value;
}
