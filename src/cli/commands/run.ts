/** `tare run`: creates a container and starts it, attached to it unless told otherwise. */
import type { Client } from "../../client/client.ts";
import type { CreateBody } from "../../client/containers.ts";
import { type Context, defineCommand } from "../command.ts";
import { createContainer, prepareBody, withHelp } from "../container/create.ts";
import { startFailureCode } from "../container/exit.ts";
import { CREATE_FLAGS } from "../container/flags.ts";
import { startAttached } from "../container/start-attached.ts";
import { checkTty } from "../container/streams.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import type { FlagValues } from "../flags.ts";

const RUN_FLAGS = {
  ...CREATE_FLAGS,
  detach: switchFlag("Run container in background and print container ID", { short: "d" }),
  "detach-keys": textFlag("Override the key sequence for detaching a container"),
  "sig-proxy": switchFlag("Proxy received signals to the process", { initial: true }),
};

type RunFlags = FlagValues<typeof RUN_FLAGS>;

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  flags: RUN_FLAGS,
  args: [1, Number.POSITIVE_INFINITY],
  interspersed: false,
  async run(context, input) {
    const { flags } = input;
    const body = streamsOf(await prepareBody(context, input), flags);
    if (!flags.detach) checkTty(context.io, body.AttachStdin ?? false, flags.tty);
    const size = flags.tty ? context.io.terminalSize() : undefined;
    const sized = size === undefined ? body : withConsoleSize(body, [size.rows, size.columns]);
    const { client, id } = await create(context, flags, sized).catch((error: unknown) => {
      throw withHelp(error, context.path, 125);
    });
    const failure = (error: unknown): Error => withHelp(error, context.path, startFailureCode(error));
    const { AttachStdin: stdin = false, AttachStdout: stdout = false, AttachStderr: stderr = false } = body;
    if (stdin || stdout || stderr) {
      const streams = { stdin, stdout, stderr, detachKeys: flags["detach-keys"] };
      const { tty, rm: autoRemove, "sig-proxy": proxiesSignals } = flags;
      return startAttached(context.io, client, { id, streams, tty, autoRemove, proxiesSignals, failure });
    }
    await context.io.stdout.write(`${id}\n`);
    await client.containers.start(id).catch((error: unknown) => {
      throw failure(error);
    });
    return 0;
  },
});

async function create(context: Context, flags: RunFlags, body: CreateBody): Promise<{ client: Client; id: string }> {
  const client = await context.client();
  return { client, id: await createContainer(context, flags, body) };
}

function streamsOf(body: CreateBody, flags: RunFlags): CreateBody {
  if (!flags.detach) return body;
  if (flags.attach.length > 0) throw new CommandError("conflicting options: cannot specify both --attach and --detach");
  return { ...body, AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false };
}

function withConsoleSize(body: CreateBody, size: [number, number]): CreateBody {
  return { ...body, HostConfig: { ...body.HostConfig, ConsoleSize: size } };
}
