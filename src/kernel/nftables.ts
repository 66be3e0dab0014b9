/** nftables through its own tool, `nft`, which is run when the engine starts and stops and never for a container. */
import { messageOf, systemError } from "../base/errors.ts";

interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function nft(args: readonly string[], input = ""): Promise<Answer> {
  try {
    const tool = Bun.spawn(["nft", ...args], { stdin: Buffer.from(input), stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, exitCode] = await Promise.all([tool.stdout.text(), tool.stderr.text(), tool.exited]);
    return { exitCode, stdout, stderr: stderr.trim() };
  } catch (error) {
    throw systemError(`cannot run nft: ${messageOf(error)}`, { cause: error });
  }
}

/** Applies a ruleset in one transaction: all of it or nothing. Throws with nft's explanation. */
export async function applyRuleset(text: string): Promise<void> {
  const { exitCode, stderr } = await nft(["-f", "-"], text);
  if (exitCode !== 0) throw systemError(`nft refused the ruleset: ${stderr}`);
}

export interface ChainAddress {
  readonly family: "ip" | "ip6" | "inet";
  readonly table: string;
  readonly chain: string;
}

/** Handles of the chain's rules that carry this comment, oldest first; undefined when there is no such chain. */
export async function findRules(
  { family, table, chain }: ChainAddress,
  comment: string,
): Promise<number[] | undefined> {
  const { exitCode, stdout } = await nft(["-a", "list", "chain", family, table, chain]);
  if (exitCode !== 0) return undefined;
  const mark = ` comment "${comment}" # handle `;
  return stdout.split("\n").flatMap((line) => {
    const at = line.indexOf(mark);
    return at === -1 ? [] : [Number(line.slice(at + mark.length))];
  });
}
