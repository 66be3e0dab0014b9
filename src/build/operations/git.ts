/** The git program, kept from the machine's configuration and from running what a repository brings along. */
import { hasCode } from "../../base/errors.ts";
import { BuildFailure } from "../failure.ts";

/** Row 16 of the security table: no other protocol runs a program of the repository's choice, or has a submodule read from this machine. */
const PROTOCOLS = "git:http:https:ssh";

export interface GitPlace {
  /** Of the clone. */
  readonly directory: string;
  /** Beside what every call is given. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export class Git {
  readonly #program: string;
  readonly #place: GitPlace;

  /** Throws BuildFailure on a machine without git. */
  constructor(searchPath: string, place: GitPlace) {
    const program = Bun.which("git", { PATH: searchPath });
    if (program === null)
      throw new BuildFailure('exec: "git": executable file not found in $PATH', { kind: "notFound" });
    this.#program = program;
    this.#place = place;
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
    const { directory, env, signal } = this.#place;
    signal.throwIfAborted();
    const child = Bun.spawn([this.#program, ...safe, ...args], {
      // With a group of its own: git has others work for it, who would outlive it.
      detached: true,
      cwd: directory,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: directory,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_TERMINAL_PROMPT: "0",
        GIT_ALLOW_PROTOCOL: PROTOCOLS,
        GIT_SSH_COMMAND: "ssh -F /dev/null -o StrictHostKeyChecking=yes",
        ...env,
      },
    });
    const stop = (): void => endGroup(child.pid);
    signal.addEventListener("abort", stop, { once: true });
    const [output, complaint, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    signal.removeEventListener("abort", stop);
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
