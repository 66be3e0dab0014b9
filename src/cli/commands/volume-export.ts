/** tare volume export: the contents of a volume as a tar archive. Not a command of docker's. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { textFlag } from "../flag-kinds.ts";
import { checkOutput } from "../output-file.ts";
import { showProgress } from "../progress.ts";
import { exportToFile } from "../volume-export.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME",
  flags: {
    output: textFlag("Write to a file, instead of STDOUT; one that was interrupted is gone on with", { short: "o" }),
  },
  args: [1, 1],
  async run(context, { flags: { output }, args: [volume = ""] }) {
    const { io, env } = context;
    if (output === "" && io.isTerminal(1)) {
      throw new CommandError("cowardly refusing to export to a terminal. Use the -o flag or redirect");
    }
    if (output !== "") await checkOutput(env.cwd, output, "failed to export volume: ");
    const { volumes } = await context.client();
    if (output !== "") await showProgress(io, exportToFile(volumes, volume, { cwd: env.cwd, path: output }));
    else for await (const piece of (await volumes.export(volume)).body) await io.stdout.write(piece);
    return 0;
  },
});
