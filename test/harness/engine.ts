/** A private engine for one test file: its own directories, socket, bridge, firewall table and cgroup, gone without a trace at the end. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { removeLeftovers } from "./leftovers.ts";
import { output, type Result, type RunOptions, run } from "./process.ts";
import { type Names, residueOf } from "./residue.ts";
import { type Slot, takeSlot } from "./slot.ts";
import { TerminalSession } from "./terminal.ts";

/** The checkout. */
export const REPO = resolve(import.meta.dir, "../..");
const READY_TIMEOUT_MS = 60_000;

export interface EngineOptions {
  /** Added to the configuration file, in the keys of Docker's daemon.json. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The command line's program and first arguments, when it is not the one under test everywhere. */
  readonly program?: readonly string[];
}

/** The program under test: the source tree, or the release binary that TARE_BINARY names. */
export const TARE: readonly string[] =
  process.env.TARE_BINARY === undefined ? [process.execPath, join(REPO, "src/main.ts")] : [process.env.TARE_BINARY];

export class TestEngine {
  readonly dir: string;
  readonly root: string;
  readonly run: string;
  readonly names: Names;
  /** For DOCKER_HOST. */
  readonly host: string;
  readonly logPath: string;
  readonly #program: readonly string[];
  readonly #slot: Slot;
  #child: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;

  private constructor(options: EngineOptions) {
    this.#program = options.program ?? TARE;
    this.#slot = takeSlot();
    this.dir = mkdtempSync(join("/var/tmp", "tare-test-"));
    this.root = join(this.dir, "root");
    this.run = join(this.dir, "run");
    this.host = `unix://${this.run}/tare.sock`;
    this.logPath = join(this.dir, "engine.log");
    this.names = namesOf(this.dir, this.root);
    mkdirSync(join(this.dir, "docker-config"));
    const config = { bip: `10.213.${this.#slot.number}.1/24`, ...options.config };
    writeFileSync(join(this.dir, "engine.json"), JSON.stringify(config));
  }

  /** Starts an engine and waits until it serves. One that does not leaves nothing behind. */
  static async start(options: EngineOptions = {}): Promise<TestEngine> {
    const engine = new TestEngine(options);
    try {
      await engine.begin();
      return engine;
    } catch (error) {
      await engine.#vanish();
      throw error;
    }
  }

  get pid(): number {
    if (this.#child === undefined) throw new Error("the engine does not run");
    return this.#child.pid;
  }

  /** Resolves when the present engine process is gone, however it ended. */
  get died(): Promise<unknown> {
    return this.#child?.exited ?? Promise.resolve();
  }

  get isDead(): boolean {
    return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get socketPath(): string {
    return this.host.slice("unix://".length);
  }

  /** The engine's log so far, one JSON document a line. */
  get log(): string {
    return existsSync(this.logPath) ? readFileSync(this.logPath, "utf8") : "";
  }

  /** Starts the engine again after `kill()` or `stop()`. `env` may carry what a test injects. */
  async begin(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const flags = [
      "--root",
      this.root,
      "--run",
      this.run,
      "--host",
      this.host,
      "--config",
      join(this.dir, "engine.json"),
    ];
    const child = Bun.spawn([...this.#program, "engine", ...flags], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...this.#environment(), ...env },
    });
    this.#child = child;
    await this.#ready(child);
  }

  /** SIGKILL: what a crash or the OOM killer does. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
    this.#child = undefined;
  }

  /** SIGTERM; containers go on running. Resolves to the exit code. */
  async stop(): Promise<number> {
    const child = this.#child;
    if (child === undefined) return 0;
    child.kill("SIGTERM");
    const exitCode = await child.exited;
    this.#child = undefined;
    return exitCode;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.begin();
  }

  /** The unmodified docker client, with no configuration of its own. */
  docker(...args: readonly string[]): Promise<Result> {
    return this.dockerWith({}, ...args);
  }

  dockerWith(options: RunOptions, ...args: readonly string[]): Promise<Result> {
    return run(["docker", ...args], { ...options, env: { ...this.dockerEnv(), ...options.env } });
  }

  /** What the docker client printed; an error when it failed. */
  dockerOutput(...args: readonly string[]): Promise<string> {
    return output(["docker", ...args], { env: this.dockerEnv() });
  }

  dockerTerminal(...args: readonly string[]): TerminalSession {
    return new TerminalSession(["docker", ...args], { env: this.dockerEnv() });
  }

  /** Our own command line against this engine. */
  tare(...args: readonly string[]): Promise<Result> {
    return this.tareWith({}, ...args);
  }

  tareWith(options: RunOptions, ...args: readonly string[]): Promise<Result> {
    return run([...this.#program, ...args], { ...options, env: { ...this.tareEnv(), ...options.env } });
  }

  tareOutput(...args: readonly string[]): Promise<string> {
    return output([...this.#program, ...args], { env: this.tareEnv() });
  }

  tareTerminal(...args: readonly string[]): TerminalSession {
    return new TerminalSession([...this.#program, ...args], { env: this.tareEnv() });
  }

  dockerEnv(): Record<string, string> {
    return { ...this.#environment(), DOCKER_HOST: this.host, DOCKER_CONFIG: join(this.dir, "docker-config") };
  }

  /** Without the engine's own directory: a command that finds the engine dead would start another one there, beside `begin()`'s. */
  tareEnv(): Record<string, string> {
    return { ...this.#environment(), TARE_ROOT: this.root, TARE_HOST: this.host };
  }

  /** All of them, running or not, with their anonymous volumes. */
  async removeContainers(): Promise<void> {
    const ids = await this.dockerOutput("ps", "-aq");
    if (ids !== "") await this.dockerOutput("rm", "-f", "-v", ...ids.split("\n"));
  }

  /** Everything the engine and its containers have on the machine at this moment. */
  residue(): string[] {
    return residueOf(this.names);
  }

  /** Removes all containers, stops the engine, deletes its directory. An error names what it left on the machine. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#clear();
      const left = this.residue();
      if (left.length > 0) throw new Error(`the engine left behind:\n${left.join("\n")}\nits log:\n${this.log}`);
    } finally {
      await this.#vanish();
    }
  }

  async #vanish(): Promise<void> {
    await this.kill();
    if (this.residue().length > 0) await removeLeftovers(this.names);
    rmSync(this.dir, { recursive: true, force: true });
    this.#slot.release();
  }

  async #clear(): Promise<void> {
    if (this.isDead) await this.begin();
    await this.removeContainers();
    await this.stop();
  }

  #environment(): Record<string, string> {
    return { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: this.dir, TMPDIR: tmpdir(), LANG: "C.UTF-8" };
  }

  /** Waits for the engine's own word that it serves; everything it logs is kept. */
  async #ready(child: Bun.Subprocess<"ignore", "ignore", "pipe">): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`the engine is not ready:\n${this.log}`)), READY_TIMEOUT_MS);
    void this.#follow(child.stderr, resolve);
    void child.exited.then((code) => reject(new Error(`the engine ended with ${code}:\n${this.log}`)));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async #follow(stderr: ReadableStream<Uint8Array>, onReady: () => void): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of stderr) {
      const chunk = decoder.decode(bytes, { stream: true });
      if (existsSync(this.dir)) appendFileSync(this.logPath, chunk);
      text += chunk;
      if (text.includes('"event":"ready"')) onReady();
    }
  }
}

/** What the engine calls its things when it is not on the default root. */
export function namesOf(dir: string, root: string): Names {
  const tag = createHash("sha256").update(root).digest("hex").slice(0, 8);
  return { dir, bridge: `tare-${tag}`, nftTable: `tare_${tag}`, cgroupParent: `tare-${tag}` };
}
