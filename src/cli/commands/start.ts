/** `tare start`: starts containers, attached to one of them when asked. */

import type { Context, Input } from "../command.ts";
import { defineCommand } from "../command.ts";
import { startAttached } from "../container/start-attached.ts";
import { checkTty } from "../container/streams.ts";
import { CommandError, errorText } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import { neutralise } from "../neutralise.ts";

const FLAGS = {
  attach: switchFlag("Attach STDOUT/STDERR and forward signals", { short: "a" }),
  "detach-keys": textFlag("Override the key sequence for detaching a container"),
  interactive: switchFlag("Attach container's STDIN", { short: "i" }),
};

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  flags: FLAGS,
  args: [1, Number.POSITIVE_INFINITY],
  run: (context, input) =>
    input.flags.attach || input.flags.interactive ? startOne(context, input) : startAll(context, input.args),
});

async function startAll(context: Context, names: readonly string[]): Promise<number> {
  const { io } = context;
  const client = await context.client();
  const failed: string[] = [];
  for (const name of names) {
    try {
      await client.containers.start(name);
      await io.stdout.write(`${neutralise(name)}\n`);
    } catch (error) {
      failed.push(name);
      await io.stderr.write(`${errorText(error)}\n`);
    }
  }
  if (failed.length > 0) throw new CommandError(`Error: failed to start containers: ${failed.join(", ")}`);
  return 0;
}

async function startOne(context: Context, { flags, args }: Input<typeof FLAGS>): Promise<number> {
  if (args.length > 1) throw new CommandError("you cannot start and attach multiple containers at once");
  const { io } = context;
  const engine = await context.client();
  const { Id: id, Config: config, HostConfig: hostConfig } = await engine.containers.inspect(args[0] ?? "");
  const stdin = flags.interactive && config.OpenStdin;
  checkTty(io, stdin, config.Tty);
  return startAttached(io, engine, {
    id,
    streams: { stdin, stdout: true, stderr: true, detachKeys: flags["detach-keys"] },
    tty: config.Tty,
    proxiesSignals: !config.Tty,
    autoRemove: hostConfig.AutoRemove,
    failure: (error) => error,
  });
}
