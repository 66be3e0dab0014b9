/** tare install: the program, the group and the systemd units, from the release binary that runs this. */
import { type Context, defineCommand } from "../command.ts";
import { switchFlag } from "../flag-kinds.ts";
import { carryOut, requireRoot, TARGET_FLAGS, targetOf } from "../install/options.ts";
import { GROUP, planInstall } from "../install/plan.ts";
import { releaseBinary, surveyMachine } from "../install/surroundings.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    ...TARGET_FLAGS,
    completions: switchFlag("Install completions for bash, zsh and fish"),
    "docker-socket": switchFlag("Make /run/docker.sock a link to the engine's socket"),
  },
  args: [0, 0],
  async run({ env, io }: Context, { flags }) {
    const target = targetOf(flags, env);
    const dryRun = flags["dry-run"];
    requireRoot(target, dryRun);
    const machine = surveyMachine(env.variables["PATH"] ?? "");
    const wishes = { dockerSocket: flags["docker-socket"], completions: flags.completions };
    await carryOut(planInstall(releaseBinary(env.engineCommand), target, machine, wishes), dryRun, io);
    if (!dryRun && target.destdir === "") await io.stdout.write(nextSteps(machine.systemd));
    return 0;
  },
});

function nextSteps(systemd: boolean): string {
  const boot = systemd
    ? "The engine starts with the machine, and at the first command.\n"
    : "This machine does not run systemd: the first command starts the engine. To start it with the machine, have your init system run `tare engine`.\n";
  return `${boot}Members of the group ${GROUP} may use it (they are as good as root): usermod -aG ${GROUP} USER\n`;
}
