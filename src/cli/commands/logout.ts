/** tare logout: forgets the credentials for a registry. */
import { defineCommand } from "../command.ts";
import { neutralise } from "../neutralise.ts";
import { openKeyring } from "../registry/keyring.ts";
import { serverKey } from "../registry/name.ts";

export const command = defineCommand({
  usage: "[SERVER]",
  flags: {},
  args: [0, 1],
  async run({ env, io }, { args }) {
    const key = serverKey(args[0] ?? "");
    const keyring = await openKeyring(env);
    await io.stdout.write(neutralise(`Removing login credentials for ${key}\n`));
    await keyring.erase(key);
    return 0;
  },
});
