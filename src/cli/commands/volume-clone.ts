/** tare volume clone: a new volume with the contents of another. Not a command of docker's. */
import { defineCommand } from "../command.ts";
import { checkLabel } from "../container/key-values.ts";
import { toMap } from "../container/values.ts";
import { listFlag } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS] SOURCE TARGET",
  flags: {
    label: listFlag("Set metadata for the new volume", { check: checkLabel }),
    opt: listFlag("Set driver specific options", { short: "o", placeholder: "map", shownDefault: "map[]" }),
  },
  args: [2, 2],
  async run(context, { flags, args: [source = "", target = ""] }) {
    const { volumes } = await context.client();
    const request = {
      Name: target,
      ...(flags.opt.length === 0 ? {} : { DriverOpts: toMap(flags.opt) }),
      ...(flags.label.length === 0 ? {} : { Labels: toMap(flags.label) }),
    };
    await showProgress(context.io, volumes.clone(source, request));
    return 0;
  },
});
