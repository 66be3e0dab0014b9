/** tare uninstall: takes away what `tare install` made; images and containers stay on disk unless `--purge` is given. */
import { existsSync } from "node:fs";
import { type Context, defineCommand } from "../command.ts";
import { switchFlag } from "../flag-kinds.ts";
import { carryOut, requireRoot, TARGET_FLAGS, targetOf } from "../install/options.ts";
import { type Manifest, planUninstall } from "../install/plan.ts";
import { endContainers, endEngine } from "../install/stop-engine.ts";
import { delGroupCommand, readManifest } from "../install/surroundings.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    ...TARGET_FLAGS,
    purge: switchFlag("Delete images, containers and volumes as well"),
  },
  args: [0, 0],
  async run(context: Context, { flags }) {
    const { env, io } = context;
    const target = targetOf(flags, env);
    const dryRun = flags["dry-run"];
    requireRoot(target, dryRun);
    const manifest = readManifest(target);
    if (target.destdir === "" && !dryRun) await stopAll(context, manifest, flags.purge);
    await carryOut(
      planUninstall(manifest, target, delGroupCommand(env.variables["PATH"] ?? ""), flags.purge),
      dryRun,
      io,
    );
    return 0;
  },
});

/** An engine that does not run is started for it when it has anything to remove: its containers may run without it. */
async function stopAll(context: Context, manifest: Manifest, purge: boolean): Promise<void> {
  const { env, io } = context;
  if (!existsSync(`${env.run}/containers`)) return;
  await io.stdout.write("stop all containers and the engine\n");
  await endContainers(await context.client(), purge);
  // With units systemd ends the engine, and would start it again if anybody else did.
  if (!manifest.units) await endEngine(env.run);
}
