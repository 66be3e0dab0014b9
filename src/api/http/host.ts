/** Where the engine listens: `unix://PATH` (0660, root and one group), or sockets handed over by systemd (`fd://`). */
import { chmodSync, chownSync, readFileSync, rmSync } from "node:fs";
import { hasCode, invalidParameter, messageOf, systemError } from "../../base/errors.ts";
import { connectUnix } from "../../base/socket-stream.ts";

export type ListenTarget =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "fd"; readonly fd: number };

const SOCKET_MODE = 0o660;
/** sockaddr_un, unix(7): 108 bytes with the closing zero. */
const MAX_SOCKET_PATH_BYTES = 107;
const GROUP_FILE = "/etc/group";
/** systemd hands its sockets over from here on, sd_listen_fds(3). */
const FIRST_ACTIVATED_FD = 3;

/** Expands `hosts` into targets; "fd://" stands for every socket of `activatedFds`, "fd://4" for that one. */
export function parseHosts(hosts: readonly string[], activatedFds: number): readonly ListenTarget[] {
  return hosts.flatMap((host) => parseHost(host, activatedFds));
}

function parseHost(host: string, activatedFds: number): readonly ListenTarget[] {
  const [, scheme, rest = ""] = /^([a-z]+):\/\/(.*)$/.exec(host) ?? [];
  if (scheme === "unix") return [unixTarget(rest, host)];
  if (scheme === "fd") return fdTargets(rest, activatedFds);
  if (scheme === "tcp") {
    throw invalidParameter(
      `refusing to listen on ${host}: TCP needs TLS client certificates, which are not supported yet; use unix://`,
    );
  }
  throw invalidParameter(`invalid host "${host}": it must begin with unix:// or fd://`);
}

function unixTarget(path: string, host: string): ListenTarget {
  if (!path.startsWith("/")) throw invalidParameter(`invalid host "${host}": the socket's path must be absolute`);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw invalidParameter(`invalid host "${host}": a socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes`);
  }
  return { kind: "unix", path };
}

function fdTargets(wanted: string, activatedFds: number): readonly ListenTarget[] {
  const fds = Array.from({ length: activatedFds }, (_, index) => FIRST_ACTIVATED_FD + index);
  const chosen = wanted === "" || wanted === "*" ? fds : fds.filter((fd) => String(fd) === wanted);
  if (chosen.length === 0) throw invalidParameter(`no sockets found for fd://${wanted}: socket activation passed none`);
  return chosen.map((fd) => ({ kind: "fd", fd }));
}

/** Removes a socket that nobody listens on any more; refuses to take one away from somebody. */
export async function clearStaleSocket(path: string): Promise<void> {
  try {
    (await connectUnix(path)).close();
  } catch (error) {
    if (!hasCode(error, "ENOENT")) rmSync(path, { force: true });
    return;
  }
  throw systemError(`cannot listen on ${path}: another process does`);
}

/** Lets the owner and the first of `groups` that exists connect, and nobody else. */
export function protectSocket(path: string, groups: readonly string[]): void {
  const gid = findGroup(readFileSync(GROUP_FILE, "utf8"), groups);
  if (gid !== undefined && process.getuid?.() === 0) chownSync(path, 0, gid);
  try {
    chmodSync(path, SOCKET_MODE);
  } catch (error) {
    throw systemError(`cannot protect ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** The number of the first of `names` in a group(5) file. */
export function findGroup(groupFile: string, names: readonly string[]): number | undefined {
  const rows = groupFile.split("\n").map((line) => line.split(":"));
  for (const name of names) {
    const gid = rows.find(([group]) => group === name)?.[2];
    if (gid !== undefined && /^\d+$/.test(gid)) return Number(gid);
  }
  return undefined;
}
