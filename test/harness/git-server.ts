/** A repository on loopback, served by git's own daemon. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { output, run } from "./process.ts";
import { freePort } from "./registry.ts";

export class GitServer implements AsyncDisposable {
  readonly address: string;
  readonly #base: string;
  readonly #daemon: Bun.Subprocess;

  private constructor(base: string, port: number, program: string) {
    this.#base = base;
    this.address = `git://127.0.0.1:${port}/repository.git`;
    const flags = ["--listen=127.0.0.1", `--port=${port}`, `--base-path=${base}`, "--export-all", "--reuseaddr"];
    this.#daemon = Bun.spawn([program, ...flags], { stdio: ["ignore", "ignore", "ignore"] });
  }

  /** `fill` makes the files of the one commit on the branch main. */
  static async start(fill: (dir: string) => Promise<void>): Promise<GitServer> {
    const base = mkdtempSync(join("/var/tmp", "tare-git-"));
    const dir = join(base, "work");
    mkdirSync(dir);
    await fill(dir);
    const git = (...args: string[]): Promise<string> =>
      output(["git", "-C", dir, "-c", "user.name=Author", "-c", "user.email=author@example.org", ...args]);
    await git("init", "-q", "-b", "main");
    await git("add", ".");
    await git("commit", "-q", "-m", "first");
    await git("clone", "-q", "--bare", ".", join(base, "repository.git"));
    const server = new GitServer(base, freePort(), join(await git("--exec-path"), "git-daemon"));
    await eventually(async () => (await run(["git", "ls-remote", server.address])).exitCode === 0);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#daemon.kill();
    await this.#daemon.exited;
    rmSync(this.#base, { recursive: true, force: true });
  }
}
