/** Asks before something is lost. */
import type { Io } from "./io.ts";

/** True when the first line of standard input says yes. */
export async function confirm(io: Pick<Io, "stdin" | "stdout">, question: string): Promise<boolean> {
  await io.stdout.write(`${question} [y/N] `);
  let answer = "";
  for await (const chunk of io.stdin) {
    answer += Buffer.from(chunk).toString();
    if (answer.includes("\n")) break;
  }
  return /^\s*y(es)?\s*$/i.test(answer.split("\n")[0] ?? "");
}
