/** Repositories: fetched shallowly at each build, told by their commit. */
import { mkdirSync } from "node:fs";
import { hasCode, messageOf } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { pathInside } from "../content/inside.ts";
import { BuildFailure } from "../failure.ts";
import type { GitSource } from "../operation.ts";
import { digest } from "../solver/keys.ts";
import type { LoadedSource, Step } from "../solver/solver.ts";
import type { RemoteSourceDeps } from "./remote-deps.ts";

/** Row 16 of the security table: no other protocol runs a program of the repository's choice, or has a submodule read from this machine. */
const PROTOCOLS = "git:http:https:ssh";

export async function loadGit(deps: RemoteSourceDeps, source: GitSource, step: Step): Promise<LoadedSource> {
  const name = `git-${createId()}`;
  const directory = `${deps.dir}/${name}`;
  mkdirSync(`${directory}/files`, { recursive: true, mode: 0o755 });
  const discard = (): Promise<void> => removeTree(deps.dir, name);
  try {
    const commit = await checkOut(new Git(deps, `${directory}/files`, step), source);
    if (!source.keepGitDir) await removeTree(`${directory}/files`, ".git");
    const root = subdirectory(`${directory}/files`, source.subdirectory);
    const { subdirectory: sub, keepGitDir } = source;
    const { tree, release } = deps.trees.adopt(root, `git-${commit.slice(0, 32)}-${createId().slice(0, 8)}`);
    return {
      tree,
      key: digest("git", { commit, sub, keepGitDir }),
      isCached: false,
      material: {
        uri: `${source.remote.replace(CREDENTIALS, "//")}${source.ref === "" ? "" : `#${source.ref}`}`,
        digest: { [commit.length > 40 ? "sha256" : "sha1"]: commit },
      },
      release: () => {
        release();
        // What cannot be deleted goes at the next start.
        discard().catch(() => undefined);
      },
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** What an address says of who asks stays here. */
const CREDENTIALS = /\/\/[^/@]*@/;

/** Row 16 of the security table: neither ".." nor a link leads out of the repository. */
function subdirectory(root: string, path: string): string {
  if (path === "") return root;
  if (path.split("/").includes("..")) throw new BuildFailure(`invalid subdir ${path}`, { kind: "invalidParameter" });
  try {
    return pathInside(root, path);
  } catch (error) {
    throw new BuildFailure(`invalid subdir ${path}: ${messageOf(error)}`, { kind: "notFound", cause: error });
  }
}

/** The commit's id. */
async function checkOut(git: Git, { remote, ref, checksum, submodules }: GitSource): Promise<string> {
  if (remote.startsWith("-") || ref.startsWith("-")) {
    throw new BuildFailure(`invalid git address ${remote}`, { kind: "invalidParameter" });
  }
  await git.run(["init", "-q"]);
  await git.run(["remote", "add", "--", "origin", remote]);
  await git.run(["fetch", "-q", "--depth=1", "--no-tags", "--end-of-options", "origin", ref || "HEAD"]);
  await git.run(["checkout", "-q", "--detach", "FETCH_HEAD"]);
  const commit = (await git.run(["rev-parse", "HEAD"])).trim();
  if (checksum !== "" && !commit.startsWith(checksum)) {
    const what = `expected checksum to match ${checksum}, got ${commit}`;
    throw new BuildFailure(what, { kind: "invalidParameter" });
  }
  if (submodules) await git.run(["submodule", "-q", "update", "--init", "--recursive", "--depth=1"]);
  return commit;
}

class Git {
  readonly #program: string;
  readonly #directory: string;
  readonly #signal: AbortSignal;

  constructor({ searchPath }: RemoteSourceDeps, directory: string, { signal }: Step) {
    const program = Bun.which("git", { PATH: searchPath });
    if (program === null)
      throw new BuildFailure('exec: "git": executable file not found in $PATH', { kind: "notFound" });
    this.#program = program;
    this.#directory = directory;
    this.#signal = signal;
  }

  /** Nothing of the machine's configuration counts, no hook runs, nobody is asked for a password. */
  async run(args: readonly string[]): Promise<string> {
    const safe = [
      "-c",
      "core.hooksPath=/dev/null",
      "-c",
      "protocol.ext.allow=never",
      "-c",
      "advice.detachedHead=false",
    ];
    this.#signal.throwIfAborted();
    const child = Bun.spawn([this.#program, ...safe, ...args], {
      // With a group of its own: git has others work for it, who would outlive it.
      detached: true,
      cwd: this.#directory,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: this.#directory,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_TERMINAL_PROMPT: "0",
        GIT_ALLOW_PROTOCOL: PROTOCOLS,
        GIT_SSH_COMMAND: "ssh -F /dev/null -o StrictHostKeyChecking=yes",
      },
    });
    const stop = (): void => endGroup(child.pid);
    this.#signal.addEventListener("abort", stop, { once: true });
    const [output, complaint, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    this.#signal.removeEventListener("abort", stop);
    if (exitCode === 0) return output;
    throw new BuildFailure(`failed to fetch remote: git ${args[0] ?? ""}: ${complaint.trim()}`, { kind: "notFound" });
  }
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
