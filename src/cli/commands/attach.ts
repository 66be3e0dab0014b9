/** `tare attach`: joins the terminal to a container that runs already. */
import type { Client } from "../../client/client.ts";
import type { ContainerInspect } from "../../wire/container.ts";
import { defineCommand } from "../command.ts";
import { exitCodeOf } from "../container/exit.ts";
import { checkTty, followSize, forwardSignals, joinStreams } from "../container/streams.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import type { Io } from "../io.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  flags: {
    "detach-keys": textFlag("Override the key sequence for detaching a container"),
    "no-stdin": switchFlag("Do not attach STDIN"),
    "sig-proxy": switchFlag("Proxy all received signals to the process", { initial: true }),
  },
  args: [1, 1],
  async run(context, { flags, args: [name = ""] }) {
    const { io } = context;
    const client = await context.client();
    const { containers } = client;
    const { Id: id, Config: config, State: state } = await containers.inspect(name);
    checkRunning(state);
    checkTty(io, !flags["no-stdin"], config.Tty);
    const { exit } = await containers.wait(id, "not-running");
    using listeners = new DisposableStack();
    if (flags["sig-proxy"] && !config.Tty) listeners.use(forwardSignals(io, (signal) => containers.kill(id, signal)));
    const stdin = !flags["no-stdin"] && config.OpenStdin;
    const detachKeys = flags["detach-keys"];
    const { stream } = await containers.attach(id, { stdin, stdout: true, stderr: true, detachKeys });
    if (config.Tty) {
      await redraw(io, client, id);
      listeners.use(followSize(io, (rows, columns) => containers.resize(id, rows, columns)));
    }
    const end = await joinStreams(io, stream, { stdin, tty: config.Tty, detachKeys });
    if (end === "detached") throw new CommandError("read escape sequence");
    return exitCodeOf(io, exit);
  },
});

function checkRunning(state: ContainerInspect["State"]): void {
  if (!state.Running) throw new CommandError("You cannot attach to a stopped container, start it first");
  if (state.Paused) throw new CommandError("You cannot attach to a paused container, unpause it first");
  if (state.Restarting) throw new CommandError("You cannot attach to a restarting container, wait until it is running");
}

/** A program redraws its screen only when the size changes: so it changes twice. */
async function redraw(io: Io, client: Client, id: string): Promise<void> {
  const size = io.terminalSize();
  if (size === undefined) return;
  await client.containers.resize(id, size.rows + 1, size.columns + 1).catch(() => undefined);
}
