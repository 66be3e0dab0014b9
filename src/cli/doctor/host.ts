/** The machine as the doctor sees it: files, programs, file systems. Nothing here changes anything. */
import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname } from "node:path";

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Volume {
  /** f_type of statfs(2). */
  readonly type: number;
  readonly freeBytes: number;
}

export interface Host {
  /** Effective user id. */
  readonly uid: number;
  /** Undefined when it is not there or may not be read. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  /** True when this user may read and write it. */
  mayUse(path: string): boolean;
  /** Path of a program, undefined when it is not installed. */
  find(program: string): string | undefined;
  run(argv: readonly string[]): Ran;
  /** The file system that holds `path`, or would hold it. */
  volume(path: string): Volume;
}

/** `prefix` goes before every path that is read, so that a test can lay out a machine in a folder. */
export function createHost(searchPath: string, uid: number, prefix = ""): Host {
  const programs = `${searchPath}:/usr/local/sbin:/usr/sbin:/sbin`;
  return {
    uid,
    read: (path) => readText(prefix + path),
    exists: (path) => existsSync(prefix + path),
    mayUse: (path) => isAccessible(prefix + path),
    find: (program) => Bun.which(program, { PATH: programs }) ?? undefined,
    run: (argv) => runProgram(argv, programs),
    volume: (path) => volumeOf(nearest(prefix + path)),
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function isAccessible(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function runProgram(argv: readonly string[], searchPath: string): Ran {
  try {
    const { exitCode, stdout, stderr } = Bun.spawnSync([...argv], { env: { PATH: searchPath, LC_ALL: "C" } });
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  } catch (error) {
    return { exitCode: 127, stdout: "", stderr: String(error) };
  }
}

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

function volumeOf(path: string): Volume {
  const { type, bavail, bsize } = statfsSync(path);
  return { type, freeBytes: bavail * bsize };
}
