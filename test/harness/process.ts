/** Runs a program to its end, with a limit on its time so that a hang is a failure with its output in the message. */

export interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array | Blob;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const { stdin, timeoutMs = 60_000 } = options;
  const child = Bun.spawn([...argv], {
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // The whole group, since any of its children holds the pipes open.
    process.kill(-child.pid, "SIGKILL");
  }, timeoutMs);
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  if (late) throw new Error(`${argv.join(" ")}: not done after ${timeoutMs} ms\n${stdout}${stderr}`);
  return { exitCode, stdout, stderr };
}

/** Standard output without its last newline; a non-zero exit is an error with everything the program said. */
export async function output(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.exitCode !== 0) {
    throw new Error(`${argv.join(" ")}: exit code ${result.exitCode}\n${result.stdout}${result.stderr}`);
  }
  return result.stdout.replace(/\n$/, "");
}
