/** `tare start`: starts containers, attached to one of them when asked. */

import type { Context, Input } from "../command.ts";
import { defineCommand } from "../command.ts";
import { exitCodeOf } from "../container/exit.ts";
import { checkTty, followSize, forwardSignals, joinStreams } from "../container/streams.ts";
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
    input.flags.attach || input.flags.interactive ? startAttached(context, input) : startAll(context, input.args),
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
  if (failed.length > 0) throw new CommandError(`failed to start containers: ${failed.join(", ")}`);
  return 0;
}

async function startAttached(context: Context, { flags, args }: Input<typeof FLAGS>): Promise<number> {
  const { io } = context;
  if (args.length > 1) throw new CommandError("you cannot start and attach multiple containers at once");
  const { containers } = await context.client();
  const { Id: id, Config: config, HostConfig: hostConfig } = await containers.inspect(args[0] ?? "");
  const stdin = flags.interactive && config.OpenStdin;
  const detachKeys = flags["detach-keys"];
  checkTty(io, stdin, config.Tty);
  using listeners = new DisposableStack();
  if (!config.Tty) listeners.use(forwardSignals(io, (signal) => containers.kill(id, signal)));
  const [{ stream }, { exit }] = await Promise.all([
    containers.attach(id, { stdin, stdout: true, stderr: true, detachKeys }),
    containers.wait(id, hostConfig.AutoRemove ? "removed" : "next-exit"),
  ]);
  const joined = joinStreams(io, stream, { stdin, tty: config.Tty, detachKeys });
  try {
    await containers.start(id);
  } catch (error) {
    stream.close();
    await joined;
    if (hostConfig.AutoRemove) await exit.catch(() => undefined);
    throw error;
  }
  if (config.Tty) listeners.use(followSize(io, (rows, columns) => containers.resize(id, rows, columns)));
  if ((await joined) === "detached") return 0;
  return exitCodeOf(io, exit);
}
