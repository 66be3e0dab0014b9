/** tare volume snapshot: keep, list or remove states of a volume. Not a command of docker's. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";
import { alignRows } from "../format/table.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [SNAPSHOT]",
  flags: {
    list: switchFlag("List the snapshots of the volume", { short: "l" }),
    rm: switchFlag("Remove the snapshot"),
  },
  args: [1, 2],
  async run(context, { flags, args: [volume = "", snapshot = ""] }) {
    if (flags.list && (flags.rm || snapshot !== "")) throw new CommandError("--list takes a volume and nothing else");
    if (flags.rm && snapshot === "") throw new CommandError("--rm wants to know which snapshot");
    const { volumes } = await context.client();
    if (flags.list) {
      const rows = (await volumes.snapshots(volume)).map(({ Name, CreatedAt }) => [Name, CreatedAt]);
      await context.io.stdout.write(alignRows([["SNAPSHOT", "CREATED AT"], ...rows]));
    } else if (flags.rm) {
      await volumes.removeSnapshot(volume, snapshot);
      await context.io.stdout.write(`${snapshot}\n`);
    } else {
      await showProgress(context.io, volumes.snapshot(volume, snapshot || presentMoment()));
    }
    return 0;
  },
});

/** "2026-01-02T03.04.05Z": by name in the order of time, and nothing that a name must not have. */
const presentMoment = (): string => `${new Date().toISOString().slice(0, 19).replaceAll(":", ".")}Z`;
