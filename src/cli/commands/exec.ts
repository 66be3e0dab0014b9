/** `tare exec`: one more process in a running container. */
import type { Client } from "../../client/client.ts";
import { type Context, defineCommand, type Input } from "../command.ts";
import { checkVariable, readKeyValues } from "../container/key-values.ts";
import { checkTty, followSize, joinStreams } from "../container/streams.ts";
import { listFlag, switchFlag, textFlag } from "../flag-kinds.ts";

const FLAGS = {
  detach: switchFlag("Detached mode: run command in the background", { short: "d" }),
  "detach-keys": textFlag("Override the key sequence for detaching a container"),
  env: listFlag("Set environment variables", { short: "e", check: checkVariable }),
  "env-file": listFlag("Read in a file of environment variables"),
  interactive: switchFlag("Keep STDIN open even if not attached", { short: "i" }),
  privileged: switchFlag("Give extended privileges to the command"),
  tty: switchFlag("Allocate a pseudo-TTY", { short: "t" }),
  user: textFlag('Username or UID (format: "<name|uid>[:<group|gid>]")', { short: "u" }),
  workdir: textFlag("Working directory inside the container", { short: "w" }),
};

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER COMMAND [ARG...]",
  flags: FLAGS,
  args: [2, Number.POSITIVE_INFINITY],
  interspersed: false,
  async run(context, input) {
    const { flags } = input;
    const stdin = flags.interactive && !flags.detach;
    if (!flags.detach) checkTty(context.io, stdin, flags.tty);
    const client = await context.client();
    const id = await createExec(context, client, input);
    if (!flags.detach) return runAttached(context, client, id, flags);
    await client.execs.startDetached(id, { tty: flags.tty });
    return 0;
  },
});

async function createExec({ env, io }: Context, client: Client, { flags, args }: Input<typeof FLAGS>): Promise<string> {
  const [container = "", ...cmd] = args;
  const { cwd, variables } = env;
  const attach = !flags.detach;
  const size = flags.tty ? io.terminalSize() : undefined;
  const { Id: id } = await client.execs.create(container, {
    AttachStdin: attach && flags.interactive,
    AttachStdout: attach,
    AttachStderr: attach,
    Tty: flags.tty,
    Cmd: cmd,
    Env: await readKeyValues({ files: flags["env-file"], flags: flags.env, cwd, variables }),
    User: flags.user,
    WorkingDir: flags.workdir,
    Privileged: flags.privileged,
    DetachKeys: flags["detach-keys"],
    ConsoleSize: size === undefined ? null : [size.rows, size.columns],
  });
  return id;
}

async function runAttached(
  { io }: Context,
  client: Client,
  id: string,
  flags: Input<typeof FLAGS>["flags"],
): Promise<number> {
  const { execs } = client;
  const size = flags.tty ? io.terminalSize() : undefined;
  const consoleSize = size === undefined ? undefined : ([size.rows, size.columns] as const);
  const { stream } = await execs.start(id, { tty: flags.tty, consoleSize });
  using listeners = new DisposableStack();
  if (flags.tty) listeners.use(followSize(io, (rows, columns) => execs.resize(id, rows, columns)));
  const detachKeys = flags["detach-keys"];
  const end = await joinStreams(io, stream, { stdin: flags.interactive, tty: flags.tty, detachKeys });
  if (end === "detached") return 0;
  const { ExitCode: code } = await execs.inspect(id);
  return code ?? 0;
}
