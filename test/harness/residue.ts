/** What an engine has on the machine: mounts, links, firewall tables, cgroups, processes. Looked up by this engine's names only. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The names by which everything of one engine can be told from everything else. */
export interface Names {
  /** Every path of the engine lies below it. */
  readonly dir: string;
  readonly bridge: string;
  readonly nftTable: string;
  /** Every cgroup of its containers lies below a directory of this name. */
  readonly cgroupParent: string;
}

/** One line per thing found, such as "mount /x/rootfs" or "process 12 tare-monitor". */
export function residueOf(names: Names): string[] {
  return [...mounts(names), ...links(names), ...firewall(names), ...cgroups(names), ...processes(names)].sort();
}

/** What stands in `after` and not in `before`. */
export function added(before: readonly string[], after: readonly string[]): string[] {
  const known = new Set(before);
  return after.filter((line) => !known.has(line));
}

function mounts({ dir }: Names): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(dir))
    .map((line) => `mount ${line.split(" ")[4]}`);
}

/** The bridge, and whatever hangs on it; the interfaces of other networks, which name the bridge. */
function links({ bridge }: Names): string[] {
  // The kernel keeps the directory of an interface for a while after the interface is gone.
  const present = new Set(
    read("/proc/self/net/dev")
      .match(/^ *\S+(?=:)/gm)
      ?.map((name) => name.trim()),
  );
  const all = folders("/sys/class/net", true).filter((name) => present.has(name));
  return [
    ...all.filter((name) => name === bridge),
    ...folders(`/sys/class/net/${bridge}/brif`, true).filter((name) => present.has(name)),
    ...all.filter((name) => name !== bridge && read(`/sys/class/net/${name}/ifalias`).startsWith(`tare ${bridge} `)),
  ].map((name) => `link ${name}`);
}

/** The engine's table, and its chain and rules in those of Docker and ufw. */
function firewall({ nftTable }: Names): string[] {
  const lines = Bun.spawnSync(["nft", "list", "ruleset"]).stdout.toString().split("\n");
  const own = lines.map((line) => line.trim()).filter((line) => line.split(/[\s"]+/).includes(nftTable));
  // What has passed meanwhile is no other rule.
  return own.map((line) => line.replace(/counter packets \d+ bytes \d+/, "counter"));
}

/** In every hierarchy, version 1 or 2, the engine's parent and all below it. */
function cgroups({ cgroupParent }: Names): string[] {
  const base = "/sys/fs/cgroup";
  const trees = [base, ...folders(base).map((name) => join(base, name))];
  return trees
    .flatMap((tree) => {
      const parent = join(tree, cgroupParent);
      return [...(folders(tree).includes(cgroupParent.replace(/^\//, "")) ? [parent] : []), ...foldersBelow(parent)];
    })
    .map((path) => `cgroup ${path}`);
}

function foldersBelow(path: string): string[] {
  return folders(path).flatMap((name) => [join(path, name), ...foldersBelow(join(path, name))]);
}

/** Links to folders count only when asked for. */
function folders(path: string, links = false): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || (links && entry.isSymbolicLink()))
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** Processes that name the engine's directory on their command line, or run in one of its cgroups. */
function processes({ dir, cgroupParent }: Names): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/cmdline`).includes(dir) || read(`/proc/${pid}/cgroup`).includes(cgroupParent))
    .map((pid) => `process ${pid} ${read(`/proc/${pid}/comm`).trim()}`);
}

/** "" when the process has gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
