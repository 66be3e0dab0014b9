/** tare info: the engine and the machine it runs on. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { formatFlag } from "../format-flag.ts";
import { infoText } from "../info-text.ts";

const EXIT_TEMPLATE = 64;

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: { format: formatFlag({ short: "f" }) },
  args: [0, 0],
  async run(context, { flags }) {
    const { io, env } = context;
    const { system } = await context.client();
    const client = { Debug: false, Version: env.version, Context: "default", Plugins: [], Warnings: null };
    const info = await system.info();
    if (flags.format === "") {
      const { text, warnings } = infoText(client, info);
      await io.stdout.write(text);
      if (warnings !== "") await io.stderr.write(warnings);
      return 0;
    }
    const [{ printObject, writeObject }, { infoShape }] = await Promise.all([
      import("../format-object.ts"),
      import("../format/info-shape.ts"),
    ]);
    const refusal = (message: string): CommandError =>
      new CommandError(`template parsing error: ${message}`, EXIT_TEMPLATE);
    const data = { ...info, ClientInfo: client };
    return writeObject(io, printObject(flags.format, infoShape, data, { name: "", refusal }));
  },
});
