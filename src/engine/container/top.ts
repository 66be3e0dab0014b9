/** The processes of a container as the host's ps shows them (GET /containers/{id}/top). */
import { systemError } from "../../base/errors.ts";
import type { TopResponse } from "../../wire/container.ts";
import { type EngineContext, tell } from "../context.ts";
import * as messages from "../messages.ts";
import type { Container } from "./container.ts";

const DEFAULT_ARGS = "-ef";

export async function topContainer(ctx: EngineContext, container: Container, psArgs: string): Promise<TopResponse> {
  if (container.phase.at === "restarting") throw messages.restartingContainer(container.id);
  if (container.live === undefined) throw messages.notRunning(container.id);
  const pids = new Set(ctx.runtime.pids(container.id, container.spec.hostConfig));
  const args = (psArgs || DEFAULT_ARGS).split(/\s+/).filter((arg) => arg !== "");
  // Without the list ps may show nothing of the container; some options do not go together with one (moby daemon/top_unix.go).
  const asked = await runPs([...args, "-q", [...pids].join(",")]);
  const { output, complaint, code } = asked.code === 0 ? asked : await runPs(args);
  if (code !== 0) throw systemError(`ps: ${complaint.trim().split("\n", 1)[0]}`);
  tell(ctx, container, "top");
  return parsePs(output, pids);
}

async function runPs(args: readonly string[]): Promise<{ output: string; complaint: string; code: number }> {
  const ps = Bun.spawn(["ps", ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, complaint, code] = await Promise.all([ps.stdout.text(), ps.stderr.text(), ps.exited]);
  return { output, complaint, code };
}

/** Keeps the lines of `pids`. The last column takes the rest of its line. */
function parsePs(output: string, pids: ReadonlySet<number>): TopResponse {
  const [heading = "", ...lines] = output.split("\n");
  const titles = heading.trim().split(/\s+/);
  const pidColumn = titles.indexOf("PID");
  if (pidColumn < 0) throw systemError("Couldn't find PID field in ps output");
  const processes = lines
    .map((line) => splitColumns(line, titles.length))
    .filter((columns) => pids.has(Number(columns[pidColumn])));
  return { Titles: titles, Processes: processes };
}

function splitColumns(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  return words.length <= count ? words : [...words.slice(0, count - 1), words.slice(count - 1).join(" ")];
}
