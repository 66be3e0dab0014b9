/** Decompression by the host's own program, for the kinds that the engine has no code for. */
import { TarError } from "../base/tar/entry.ts";

type Program = "bzip2" | "xz";

/** Inflates `source`. Ending the iteration early ends the program and `source` as well. */
export async function* inflateWith(
  program: Program,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const path = Bun.which(program);
  if (path === null) throw new TarError(`exec: "${program}": executable file not found in $PATH`);
  const child = Bun.spawn([path, "-d", "-c", "-q"], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  const complaint = child.stderr.text();
  const feeding = feed(source, child);
  try {
    yield* child.stdout;
    if ((await child.exited) !== 0) throw new TarError(`${program}: ${(await complaint).trim() || "damaged data"}`);
    await feeding;
  } finally {
    child.kill();
    await feeding.catch(() => undefined);
    await child.exited;
  }
}

/** With back-pressure. A program that has ended is the reader's to notice. */
async function feed(source: AsyncIterable<Uint8Array>, child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<void> {
  for await (const chunk of source) {
    if (child.exitCode !== null || child.killed) return;
    await child.stdin.write(chunk);
    await child.stdin.flush();
  }
  await child.stdin.end();
}
