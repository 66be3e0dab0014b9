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
    const { base, git } = await makeRepository(fill);
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

interface Repository {
  /** Holds repository.git, which is bare. */
  readonly base: string;
  /** git in the directory that it was made of. */
  readonly git: (...args: string[]) => Promise<string>;
}

async function makeRepository(fill: (dir: string) => Promise<void>): Promise<Repository> {
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
  return { base, git };
}

/** A repository as plain files of a web server, which knows no shallow clones; with `authorization` for nobody else. */
export class GitFiles implements AsyncDisposable {
  readonly address: string;
  /** Of its one commit. */
  readonly commit: string;
  readonly #base: string;
  readonly #server: Bun.Server<undefined>;

  private constructor(base: string, commit: string, authorization: string | undefined) {
    this.#base = base;
    this.commit = commit;
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        if (authorization !== undefined && request.headers.get("authorization") !== authorization) {
          return new Response("who are you?", { status: 401, headers: { "www-authenticate": "Basic" } });
        }
        const file = Bun.file(join(base, new URL(request.url).pathname));
        return (await file.exists()) ? new Response(file) : new Response("not here", { status: 404 });
      },
    });
    this.address = `http://127.0.0.1:${this.#server.port}/repository.git`;
  }

  static async start(fill: (dir: string) => Promise<void>, authorization?: string): Promise<GitFiles> {
    const { base, git } = await makeRepository(fill);
    await git("-C", join(base, "repository.git"), "update-server-info");
    return new GitFiles(base, (await git("rev-parse", "HEAD")).trim(), authorization);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
    rmSync(this.#base, { recursive: true, force: true });
  }
}
