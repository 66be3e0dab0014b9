/** What a command is: its place in the grammar, its flags, and the function that runs it. One file per command in `commands/`. */
import type { Client } from "../client/client.ts";
import { ArgCountError } from "./errors.ts";
import { type FlagTable, type FlagValues, parseFlags } from "./flags.ts";
import type { Io } from "./io.ts";

/** What main.ts knows of the surroundings; nothing below reads the process's own. */
export interface CliEnv {
  /** unix://…; undefined is the socket in `run`, where an engine is started when none listens. */
  readonly host: string | undefined;
  readonly root: string;
  readonly run: string;
  /** Runs the engine in the foreground when `--root DIR --run DIR --host URL` are appended. */
  readonly engineCommand: readonly string[];
  /** Where Docker's clients keep config.json, with credentials for registries. */
  readonly configDir: string;
  /** The environment of the user, for `-e NAME`. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
}

export interface Context {
  readonly env: CliEnv;
  readonly io: Io;
  /** As invoked, such as "tare container run". */
  readonly path: string;
  /** The host as a URL, for messages. */
  readonly host: string;
  /** Connected; the engine is started when none listens on the default socket. */
  client(): Promise<Client>;
}

export interface Input<F> {
  readonly flags: FlagValues<F>;
  /** Long names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
}

/** How many positional arguments: [least, most]. */
type ArgCount = readonly [least: number, most: number];

export interface CommandSpec<F extends FlagTable> {
  /** What follows the path in the usage line, such as "[OPTIONS] IMAGE [COMMAND] [ARG...]". */
  readonly usage: string;
  readonly flags: F;
  readonly args: ArgCount;
  /** False when flags end at the first argument, as for run and exec. Default true. */
  readonly interspersed?: boolean;
  /** The exit code; throws CommandError, or ClientError, to end with a message. */
  run(context: Context, input: Input<F>): Promise<number>;
}

/** A command line that was found right, ready to run. */
export type Invocation = (context: Context) => Promise<number>;

/** A command whose flag types are its own business. */
export interface Command {
  readonly usage: string;
  readonly flags: FlagTable;
  /** Undefined when the arguments ask for help. Throws UsageError and ArgCountError. */
  parse(path: string, argv: readonly string[]): Invocation | undefined;
}

export function defineCommand<const F extends FlagTable>(spec: CommandSpec<F>): Command {
  return {
    usage: spec.usage,
    flags: spec.flags,
    parse(path, argv) {
      const { values, given, args, help } = parseFlags(spec.flags, argv, spec.interspersed ?? true);
      if (help) return undefined;
      checkArgCount(path, args.length, spec.args);
      return (context) => spec.run(context, { flags: values, given, args });
    },
  };
}

/** The messages of docker/cli's cli/required.go. */
function checkArgCount(path: string, count: number, [least, most]: ArgCount): void {
  if (count >= least && count <= most) return;
  const plural = (n: number): string => `${n} argument${n === 1 ? "" : "s"}`;
  if (most === 0) throw new ArgCountError(`'${path}' accepts no arguments`, "Run");
  if (least === most) throw new ArgCountError(`'${path}' requires ${plural(least)}`, "Run");
  if (count < least) throw new ArgCountError(`'${path}' requires at least ${plural(least)}`, "See");
  throw new ArgCountError(`'${path}' requires at most ${plural(most)}`, "See");
}
