/** tare events: what happens in the engine, as it happens. */
import { messageOf } from "../../base/errors.ts";
import type { EventMessage } from "../../wire/event.ts";
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { eventLine, eventPrinter } from "../event-text.ts";
import { filterFlag } from "../filter-flag.ts";
import { textFlag } from "../flag-kinds.ts";
import { formatFlag } from "../format-flag.ts";
import { timeArgument } from "../time-argument.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    filter: filterFlag("Filter output based on conditions provided", { short: "f" }),
    format: formatFlag(),
    since: textFlag("Show all events created since timestamp"),
    until: textFlag("Stream events until this timestamp"),
  },
  args: [0, 0],
  async run(context, { flags }) {
    const print = flags.format === "" ? eventLine : await eventPrinter(flags.format);
    const { filter: filters, ...times } = flags;
    const nowMs = Date.now();
    const since = timeOf(times.since, nowMs);
    const until = timeOf(times.until, nowMs);
    const { system } = await context.client();
    for await (const text of system.eventTexts({ since, until, filters })) {
      await context.io.stdout.write(`${print(JSON.parse(text) as EventMessage, text)}\n`);
    }
    return 0;
  },
});

function timeOf(text: string, nowMs: number): string {
  try {
    return timeArgument(text, nowMs);
  } catch (cause) {
    throw new CommandError(messageOf(cause), 1, { cause });
  }
}
