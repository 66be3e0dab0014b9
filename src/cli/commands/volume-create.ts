/** tare volume create: make a volume. */
import { defineCommand } from "../command.ts";
import { checkLabel } from "../container/key-values.ts";
import { toMap } from "../container/values.ts";
import { CommandError } from "../errors.ts";
import { listFlag, textFlag } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [VOLUME]",
  flags: {
    driver: textFlag("Specify volume driver name", { short: "d", initial: "local" }),
    label: listFlag("Set metadata for a volume", { check: checkLabel }),
    name: textFlag("Specify volume name", { hidden: true }),
    opt: listFlag("Set driver specific options", { short: "o", placeholder: "map", shownDefault: "map[]" }),
  },
  args: [0, 1],
  async run(context, { flags, given, args }) {
    if (given.has("name") && args.length > 0) {
      throw new CommandError(
        "conflicting options: cannot specify a volume-name through both --name and as a positional arg",
      );
    }
    const { volumes } = await context.client();
    const { Name } = await volumes.create({
      Name: args[0] ?? flags.name,
      Driver: flags.driver,
      ...(flags.opt.length === 0 ? {} : { DriverOpts: toMap(flags.opt) }),
      ...(flags.label.length === 0 ? {} : { Labels: toMap(flags.label) }),
    });
    await context.io.stdout.write(`${Name}\n`);
    return 0;
  },
});
