/** Drives a real helper process of one of the three builds, in a namespace that stands for the host's. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Subprocess } from "bun";
import { connectUnix, type SocketStream } from "../../src/base/socket-stream.ts";
import { TestNetns } from "../../test/harness/netns.ts";
import { type Build, Lines } from "./harness.ts";

const NATIVE = resolve(import.meta.dir, "..");
const FOLDER: Readonly<Record<Build, string>> = { release: "build", asan: "build/asan", valgrind: "build/valgrind" };
/** Leaks are valgrind's business: nobody can trace a process that has given its power away. */
const SANITIZERS = { ASAN_OPTIONS: "detect_leaks=0" };

export class ServiceLab implements AsyncDisposable {
  readonly dir: string;
  readonly host: TestNetns;
  readonly process: Subprocess<"ignore", "pipe", Bun.BunFile>;
  readonly #report: string;
  readonly #netns: TestNetns[] = [];
  #engine: SocketStream | undefined;

  protected constructor(kind: Build, program: string) {
    this.dir = mkdtempSync(join(tmpdir(), `${program}-`));
    this.#report = join(this.dir, "report");
    this.host = this.netns();
    const report = `--log-file=${this.#report}.%p`;
    const checker = ["valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99", "--vgdb=no", report];
    const command = [join(NATIVE, FOLDER[kind], program), "--dir", this.dir, "--build", "one"];
    this.process = Bun.spawn(
      ["nsenter", `--net=${this.host.path}`, ...(kind === "valgrind" ? checker : []), ...command],
      {
        env: { PATH: process.env.PATH ?? "", ...SANITIZERS },
        stdin: "ignore",
        stdout: "pipe",
        stderr: Bun.file(this.#report),
      },
    );
  }

  protected async ready(): Promise<void> {
    await new Lines(this.process.stdout).next("listening");
    await this.rejoin();
  }

  connect(): Promise<SocketStream> {
    return connectUnix(join(this.dir, "control.sock"));
  }

  /** A namespace for a container; gone with the lab. */
  netns(): TestNetns {
    const netns = new TestNetns();
    this.#netns.push(netns);
    return netns;
  }

  /** Each request's answer. */
  async tell(...lines: readonly string[]): Promise<string[]> {
    const engine = this.#engine;
    if (engine === undefined) throw new Error("not connected");
    await engine.write(Buffer.from(lines.map((line) => `${line}\n`).join("")));
    let text = "";
    for await (const chunk of engine.readable) {
      text += Buffer.from(chunk).toString();
      if (text.split("\n").length > lines.length) break;
    }
    return text.split("\n").slice(0, -1);
  }

  /** Requests that must all succeed. */
  async must(...lines: readonly string[]): Promise<void> {
    const answers = await this.tell(...lines);
    const wrong = answers.findIndex((answer) => answer !== "ok");
    if (wrong >= 0 || answers.length < lines.length) throw new Error(`${lines[wrong]}: ${answers[wrong]}`);
  }

  /** What an engine that dies does. */
  hangUp(): void {
    this.#engine?.close();
    this.#engine = undefined;
  }

  async rejoin(): Promise<void> {
    this.#engine = await this.connect();
  }

  /** Ends the process. Throws what the sanitizer or valgrind has found. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      if (this.#engine === undefined) await this.rejoin();
      await this.tell("quit");
    }
    const exitCode = await this.process.exited;
    for (const netns of this.#netns) netns[Symbol.dispose]();
    const findings = this.#findings();
    rmSync(this.dir, { recursive: true });
    if (findings !== "") throw new Error(findings);
    if (exitCode !== 0) throw new Error(`it ended with ${exitCode}`);
  }

  #findings(): string {
    const names = [this.#report, ...new Bun.Glob("report.*").scanSync({ cwd: this.dir })].map((name) =>
      resolve(this.dir, name),
    );
    return names.map((name) => (existsSync(name) ? readFileSync(name, "utf8") : "")).join("");
  }
}
