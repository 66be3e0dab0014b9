/** `tare run`: create, attach, wait, start, in docker's order, so that no output and no exit is missed. */
import type { Client } from "../../client/client.ts";
import type { CreateBody } from "../../client/containers.ts";
import { type Context, defineCommand } from "../command.ts";
import { createContainer, prepareBody, withHelp } from "../container/create.ts";
import { exitCodeOf, startFailureCode } from "../container/exit.ts";
import { CREATE_FLAGS } from "../container/flags.ts";
import { checkTty, followSize, forwardSignals, joinStreams } from "../container/streams.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import type { FlagValues } from "../flags.ts";

/** One exchange at a time on each: attach and wait stay open while start is asked. */
const CONNECTIONS = 3;

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
    const size = context.io.terminalSize();
    const sized = size === undefined ? body : withConsoleSize(body, [size.rows, size.columns]);
    const client = await context.client(CONNECTIONS);
    const id = await createContainer(context, flags, sized).catch((error: unknown) => {
      throw withHelp(error, context.path, 125);
    });
    const attaches = (body.AttachStdin || body.AttachStdout || body.AttachStderr) ?? false;
    if (!body.AttachStdout && !body.AttachStderr) await context.io.stdout.write(`${id}\n`);
    if (attaches) return runAttached({ context, client, id, body, flags });
    await startOrFail(context, client, id);
    return 0;
  },
});

function streamsOf(body: CreateBody, flags: RunFlags): CreateBody {
  if (!flags.detach) return body;
  if (flags.attach.length > 0) throw new CommandError("conflicting options: cannot specify both --attach and --detach");
  return { ...body, AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false };
}

function withConsoleSize(body: CreateBody, size: [number, number]): CreateBody {
  return { ...body, HostConfig: { ...body.HostConfig, ConsoleSize: size } };
}

async function startOrFail(context: Context, client: Client, id: string): Promise<void> {
  try {
    await client.containers.start(id);
  } catch (error) {
    throw withHelp(error, context.path, startFailureCode(error));
  }
}

interface Attached {
  readonly context: Context;
  readonly client: Client;
  readonly id: string;
  readonly body: CreateBody;
  readonly flags: RunFlags;
}

async function runAttached({ context, client, id, body, flags }: Attached): Promise<number> {
  const { io } = context;
  const { containers } = client;
  const stdin = body.AttachStdin ?? false;
  const detachKeys = flags["detach-keys"];
  using listeners = new DisposableStack();
  if (flags["sig-proxy"]) listeners.use(forwardSignals(io, (signal) => containers.kill(id, signal)));
  const streams = { stdin, stdout: body.AttachStdout ?? false, stderr: body.AttachStderr ?? false };
  const [{ stream }, { exit }] = await Promise.all([
    containers.attach(id, { ...streams, detachKeys }),
    containers.wait(id, flags.rm ? "removed" : "next-exit"),
  ]);
  const joined = joinStreams(io, stream, { stdin, tty: flags.tty, detachKeys });
  try {
    await startOrFail(context, client, id);
  } catch (error) {
    stream.close();
    await joined;
    if (flags.rm) await exit.catch(() => undefined);
    throw error;
  }
  if (flags.tty) listeners.use(followSize(io, (rows, columns) => containers.resize(id, rows, columns)));
  if ((await joined) === "detached") return 0;
  return exitCodeOf(io, exit);
}
