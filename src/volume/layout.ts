/**
 * The directories of volumes.
 *
 *   <dir>/<name>/_data           what containers see; the place where a volume with options is mounted
 *   <dir>/<name>/staged          a copy that is being made, to take the place of _data at once
 *   <dir>/<name>/options.json    for a record that was lost with the power
 *   <dir>/.removed/<id>          being deleted
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { toRfc3339 } from "../base/clock.ts";
import { hasCode } from "../base/errors.ts";
import { createId } from "../base/ids.ts";
import { removeTree } from "../files/remove-tree.ts";
import { umountIfMounted } from "../kernel/mounts.ts";
import type { VolumeRecord } from "../state/volume-record.ts";
import { quotaBytes } from "./options.ts";
import { createVolumeQuota, type VolumeQuota } from "./quota.ts";

type Options = VolumeRecord["options"];

export interface Layout {
  readonly dir: string;
  /** Whether volumes can be limited in size. */
  readonly hasQuota: boolean;
  /** Of all volumes. */
  names(): string[];
  data(name: string): string;
  staged(name: string): string;
  make(name: string, options: Options): void;
  isEmpty(name: string): boolean;
  /** What is known of a volume without its record. */
  describe(name: string): { readonly createdAt: string; readonly options: Options };
  /** Idempotent. */
  unmount(name: string): void;
  /** Moves a volume out of sight; returns what `delete` takes. */
  discard(name: string): string;
  delete(discarded: string): Promise<void>;
  /** Deletes what lay half done or half deleted. */
  sweep(): Promise<void>;
}

const REMOVED = ".removed";
const STAGED = "staged";
const OPTIONS_FILE = "options.json";

/** Nobody but root reaches a volume's files other than through a container: they may be set-user-id (row 23 of the security table). */
export function openLayout(dir: string): Layout {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  mkdirSync(`${dir}/${REMOVED}`, { recursive: true, mode: 0o700 });
  const data = (name: string): string => `${dir}/${name}/_data`;
  const names = (): string[] => readdirSync(dir).filter((name) => !name.startsWith("."));
  const unmount = (name: string): void => {
    while (umountIfMounted(data(name)));
  };
  const quota = createVolumeQuota(dir);
  return {
    dir,
    get hasQuota() {
      return quota.isSupported;
    },
    names,
    data,
    staged: (name) => `${dir}/${name}/${STAGED}`,
    make(name, options) {
      mkdirSync(`${dir}/${name}`, { recursive: true, mode: 0o700 });
      limit(quota, { dir, name, others: names() }, options);
      mkdirSync(data(name), { recursive: true, mode: 0o755 });
      // The umask has no say in what containers see.
      chmodSync(data(name), 0o755);
      if (options !== null) writeFileSync(`${dir}/${name}/${OPTIONS_FILE}`, JSON.stringify(options), { mode: 0o600 });
    },
    isEmpty: (name) => readdirSync(data(name)).length === 0,
    describe: (name) => describe(`${dir}/${name}`),
    unmount,
    discard(name) {
      unmount(name);
      quota.release(`${dir}/${name}`);
      const id = createId();
      renameSync(`${dir}/${name}`, `${dir}/${REMOVED}/${id}`);
      return id;
    },
    delete: (discarded) => removeTree(`${dir}/${REMOVED}`, discarded),
    async sweep() {
      for (const name of names()) await removeTree(`${dir}/${name}`, STAGED);
      for (const id of readdirSync(`${dir}/${REMOVED}`)) await removeTree(`${dir}/${REMOVED}`, id);
    },
  };
}

/** Before anything is in the directory: what is made in it inherits its project. */
function limit(
  quota: VolumeQuota,
  { dir, name, others }: { readonly dir: string; readonly name: string; readonly others: readonly string[] },
  options: Options,
): void {
  const bytes = quotaBytes(options);
  if (bytes === 0) return;
  const paths = others.filter((other) => other !== name).map((other) => `${dir}/${other}`);
  quota.limit(`${dir}/${name}`, bytes, paths);
}

function describe(directory: string): { createdAt: string; options: Options } {
  mkdirSync(`${directory}/_data`, { recursive: true });
  const createdAt = toRfc3339(BigInt(Math.floor(statSync(directory).mtimeMs / 1000)) * 1_000_000_000n);
  try {
    return { createdAt, options: JSON.parse(readFileSync(`${directory}/${OPTIONS_FILE}`, "utf8")) };
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return { createdAt, options: null };
  }
}
