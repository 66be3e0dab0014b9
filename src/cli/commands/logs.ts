/** tare logs: what a container has written, byte for byte. */
import { messageOf } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Logs } from "../../client/containers.ts";
import { demultiplex } from "../../wire/multiplex.ts";
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import type { Io } from "../io.ts";
import { timeArgument } from "../time-argument.ts";

const TIME_HELP = '(e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)';
const STDERR = 2;

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  flags: {
    details: switchFlag("Show extra details provided to logs"),
    follow: switchFlag("Follow log output", { short: "f" }),
    since: textFlag(`Show logs since timestamp ${TIME_HELP}`),
    tail: textFlag("Number of lines to show from the end of the logs", { short: "n", initial: "all" }),
    timestamps: switchFlag("Show timestamps", { short: "t" }),
    until: textFlag(`Show logs before a timestamp ${TIME_HELP}`),
  },
  args: [1, 1],
  async run(context, { flags, args }) {
    const [ref = ""] = args;
    const nowMs = Date.now();
    const { since, until, ...options } = flags;
    const times = { since: timeOf("since", since, nowMs), until: timeOf("until", until, nowMs) };
    const client = await context.client();
    const logs = await client.containers.logs(ref, { stdout: true, stderr: true, ...options, ...times });
    await show(logs, await isMultiplexed(logs, client, ref), context.io);
    return 0;
  },
});

function timeOf(flag: string, text: string, nowMs: number): string {
  try {
    return timeArgument(text, nowMs);
  } catch (cause) {
    throw new CommandError(`invalid value for "${flag}": ${messageOf(cause)}`, 1, { cause });
  }
}

/** Engines before API 1.42 do not say it; a container with a terminal has one raw stream. */
async function isMultiplexed({ multiplexed }: Logs, client: Client, ref: string): Promise<boolean> {
  return multiplexed ?? !(await client.containers.inspect(ref)).Config.Tty;
}

async function show({ bytes }: Logs, multiplexed: boolean, { stdout, stderr }: Io): Promise<void> {
  if (!multiplexed) {
    for await (const chunk of bytes) await stdout.write(chunk);
    return;
  }
  for await (const { stream, payload } of demultiplex(bytes)) {
    await (stream === STDERR ? stderr : stdout).write(payload);
  }
}
