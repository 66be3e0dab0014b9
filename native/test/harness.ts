/** Drives a real monitor of one of the three builds over small shell scripts that stand in for the runtime. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Subprocess } from "bun";
import { connectUnix, type SocketStream } from "../../src/base/socket-stream.ts";

export type Build = "release" | "asan" | "valgrind";
export const BUILDS: readonly Build[] = ["release", "asan", "valgrind"];

const NATIVE = resolve(import.meta.dir, "..");
const PROGRAMS: Readonly<Record<Build, string>> = {
  release: join(NATIVE, "build/tare-monitor"),
  asan: join(NATIVE, "build/asan/tare-monitor"),
  valgrind: join(NATIVE, "build/valgrind/tare-monitor"),
};

/** Builds what is missing. */
export async function build(kind: Build): Promise<void> {
  const exitCode = await Bun.spawn([join(NATIVE, "build.sh"), kind], { stdio: ["ignore", "inherit", "inherit"] })
    .exited;
  if (exitCode !== 0) throw new Error(`build.sh ${kind} failed`);
}

/**
 * A runtime that starts its argument as a shell command on the streams it got, like `run --detach`. The command begins when the runtime
 * has ended (its end of the gate closes): a shell would reap a child that ends before.
 */
const DETACHING_RUNTIME = `#!/bin/sh
exec 3<&0
mkfifo gate
setsid sh -c 'read _ < gate; exec sh -c "$1"' sh "$1" <&3 3<&- &
echo $! > pid
exec 4> gate
`;

export interface Plan {
  /** The process, as a shell command. */
  readonly command?: string;
  /** Instead: the runtime, as a shell script. */
  readonly runtime?: string;
  /** Instead: the runtime's own command line. */
  readonly argv?: readonly string[];
  /** DIR in these words, and in the wrapper's, is the run's directory. */
  readonly flags?: readonly string[];
  /** Runs the monitor by this command, which execs its arguments. */
  readonly wrapper?: readonly string[];
}

export class Run implements AsyncDisposable {
  readonly dir: string;
  readonly monitor: Subprocess<"pipe", "pipe", "inherit">;
  readonly lines: Lines;

  private constructor(dir: string, monitor: Subprocess<"pipe", "pipe", "inherit">) {
    this.dir = dir;
    this.monitor = monitor;
    this.lines = new Lines(monitor.stdout);
  }

  static start(kind: Build, plan: Plan): Run {
    const dir = mkdtempSync(join(tmpdir(), "tare-monitor-"));
    const script = join(dir, "runtime");
    writeFileSync(script, plan.runtime === undefined ? DETACHING_RUNTIME : `#!/bin/sh\n${plan.runtime}\n`);
    chmodSync(script, 0o755);
    const report = join(dir, "report");
    const checker = ["valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99", `--log-file=${report}.%p`];
    const monitor = Bun.spawn(
      [
        ...(plan.wrapper?.map((word) => word.replaceAll("DIR", dir)) ?? []),
        ...(kind === "valgrind" ? checker : []),
        PROGRAMS[kind],
        ...["--dir", dir, ...(plan.flags ?? [])].map((word) => word.replaceAll("DIR", dir)),
        "--",
        ...(plan.argv ?? [script, plan.command ?? ""]),
      ],
      {
        env: { PATH: process.env.PATH ?? "", ASAN_OPTIONS: `log_path=${report}`, UBSAN_OPTIONS: `log_path=${report}` },
        stdin: "pipe",
        stdout: "pipe",
        stderr: "inherit",
      },
    );
    return new Run(dir, monitor);
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** Waits for `started` and returns the pid. */
  async started(): Promise<number> {
    return Number((await this.lines.next("started")).split(" ")[1]);
  }

  /** The fields of `exited`, once the monitor has ended as well. */
  async exited(): Promise<{ code: number; oom: number; time: string }> {
    const [, code, oom, time = ""] = (await this.lines.next("exited")).split(" ");
    await this.monitor.exited;
    return { code: Number(code), oom: Number(oom), time };
  }

  /** Sends a request and leaves the answer to be read. */
  request(line: string): Promise<SocketStream> {
    return this.send(`${line}\n`);
  }

  /** Connects and sends what need not be a request. */
  async send(text: string): Promise<SocketStream> {
    const stream = await connectUnix(this.path("attach.sock"));
    await stream.write(Buffer.from(text));
    return stream;
  }

  /** The whole answer of a request that closes. */
  async ask(line: string): Promise<string> {
    return (await readAll(await this.request(line))).toString();
  }

  /** An attached client whose `ok` has been read. */
  async attach(streams: string): Promise<SocketStream> {
    const stream = await this.request(`attach ${streams}`);
    await readExactly(stream, "ok\n".length);
    return stream;
  }

  release(): void {
    void this.monitor.stdin.write("go\n");
    void this.monitor.stdin.flush();
  }

  /** Log contents without times, from the oldest file to the newest. */
  logged(name = "log"): string[] {
    const numbers = readdirSync(this.dir).flatMap((file) =>
      file === name ? [0] : file.startsWith(`${name}.`) ? [Number(file.slice(name.length + 1))] : [],
    );
    const files = numbers
      .toSorted((a, b) => b - a)
      .map((number) => this.read(number === 0 ? name : `${name}.${number}`));
    return files
      .join("")
      .split("\n")
      .slice(0, -1)
      .map((record) => record.slice(31));
  }

  /** Ends what is left of the process and the monitor. Throws what the sanitizer or valgrind has found. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.monitor.exitCode === null && this.monitor.signalCode === null) {
      if (existsSync(this.path("pid"))) endProcess(Number(this.read("pid")));
      void this.monitor.stdin.end();
      await this.monitor.exited;
    }
    const reports = readdirSync(this.dir).filter((name) => name.startsWith("report"));
    const findings = reports.map((name) => this.read(name)).join("");
    rmSync(this.dir, { recursive: true });
    if (findings !== "") throw new Error(findings);
  }
}

export function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** Status lines, each read once. */
export class Lines {
  readonly #reader: AsyncIterator<Uint8Array>;
  readonly all: string[] = [];
  #text = "";

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#reader = source[Symbol.asyncIterator]();
  }

  /** Skips to the line of this word. */
  async next(word: string): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end < 0) {
        const { done, value } = await this.#reader.next();
        if (done) throw new Error(`no line "${word}" but ${JSON.stringify(this.all)}`);
        this.#text += Buffer.from(value).toString();
        continue;
      }
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      this.all.push(line);
      if (line.split(" ")[0] === word) return line;
    }
  }
}

export async function readAll(stream: SocketStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.readable) chunks.push(chunk);
  stream.close();
  return Buffer.concat(chunks);
}

export async function readExactly(stream: SocketStream, length: number): Promise<Buffer> {
  const reader = stream.readable[Symbol.asyncIterator]();
  let bytes = Buffer.alloc(0);
  while (bytes.length < length) {
    const { done, value } = await reader.next();
    if (done) throw new Error(`the stream ended after ${JSON.stringify(bytes.toString())}`);
    bytes = Buffer.concat([bytes, value]);
  }
  stream.unread(bytes.subarray(length));
  return bytes.subarray(0, length);
}

/** Reads until the text has come, and returns everything up to and including it. */
export async function readUntil(stream: SocketStream, text: string): Promise<string> {
  let bytes = "";
  while (!bytes.endsWith(text)) bytes += (await readExactly(stream, 1)).toString("latin1");
  return bytes;
}
