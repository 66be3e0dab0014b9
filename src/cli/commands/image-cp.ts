/** tare image cp: an image from one registry to another, for all platforms, straight through. */
import { defineCommand } from "../command.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import { openKeyring } from "../registry/keyring.ts";
import { showTransfer } from "../transfer/show.ts";

export const command = defineCommand({
  usage: "[OPTIONS] SOURCE TARGET",
  flags: {
    platform: textFlag("Copy only what is for this platform, such as linux/arm64"),
    quiet: switchFlag("Suppress verbose output", { short: "q" }),
  },
  args: [2, 2],
  async run(context, { flags: { platform, quiet }, args }) {
    const { io, env } = context;
    const [from = "", to = ""] = args;
    const auths = await (await openKeyring(env)).forImages([from, to]);
    const { registries } = await context.client();
    await showTransfer({ io, env, fd: 1, quiet, unit: "blob" }, registries.copy(from, to, { platform, auths }));
    return 0;
  },
});
