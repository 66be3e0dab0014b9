/** Runs one command line: global flags, the command's place in the catalog, its own flags, and errors in Docker's shape. */
import { hasCode } from "../base/errors.ts";
import { COMMANDS, GROUPS } from "./catalog.ts";
import type { Entry, Group } from "./catalog-entry.ts";
import type { CliEnv, Invocation } from "./command.ts";
import { createContext, type OpenContext } from "./context.ts";
import { ArgCountError, CommandError, errorText, UsageError } from "./errors.ts";
import { type Parsed, parseFlags } from "./flags.ts";
import { GLOBAL_FLAGS } from "./global-flags.ts";
import type { Io } from "./io.ts";

const PROGRAM = "tare";
/** What a shell reports for a program that SIGPIPE ended. */
const EXIT_SIGPIPE = 141;

/** What the first words of a command line name; `rest` are the words after them. */
type Target =
  | { readonly kind: "program" }
  | { readonly kind: "group"; readonly path: string; readonly group: Group; readonly rest: readonly string[] }
  | {
      readonly kind: "command";
      readonly path: string;
      readonly key: string;
      readonly entry: Entry;
      readonly rest: readonly string[];
    };

/** The exit code. Everything there is to say has been said on `io`. */
export async function runCli(argv: readonly string[], env: CliEnv, io: Io): Promise<number> {
  try {
    const { values, args, help } = parseGlobals(argv);
    if (values.version) return await say(io, `Tare version ${env.version}\n`);
    const asksHelp = help || args[0] === "help";
    const target = locate(args[0] === "help" ? args.slice(1) : args);
    if (target.kind !== "command" || asksHelp) return await say(io, await helpFor(target));
    const { host = env.host, root = env.root, run = env.run } = values;
    const configDir = values.config || env.configDir;
    using context = createContext({ ...env, host, root, run, configDir }, io, target.path);
    const invocation = await prepare(target, context);
    return await (invocation === undefined ? say(io, await helpFor(target)) : invocation(context));
  } catch (error) {
    // Who reads our output has seen enough, as `head` does.
    if (hasCode(error, "EPIPE")) return EXIT_SIGPIPE;
    const text = errorText(error);
    if (text !== "") await io.stderr.write(`${text}\n`);
    return error instanceof CommandError ? error.exitCode : 1;
  }
}

function parseGlobals(argv: readonly string[]): Parsed<typeof GLOBAL_FLAGS> {
  try {
    return parseFlags(GLOBAL_FLAGS, argv, false);
  } catch (error) {
    throw withUsage(error, PROGRAM, "[OPTIONS] COMMAND [ARG...]");
  }
}

/** Throws CommandError for a word that is no command. */
function locate(words: readonly string[]): Target {
  const [first, second] = words;
  if (first === undefined) return { kind: "program" };
  const group = own(GROUPS, first);
  if (group === undefined) {
    const entry = own(COMMANDS, first);
    if (entry === undefined || entry.grouped) throw unknownCommand(PROGRAM, first, "");
    return { kind: "command", path: `${PROGRAM} ${first}`, key: first, entry, rest: words.slice(1) };
  }
  const path = `${PROGRAM} ${first}`;
  if (second === undefined || second === "--help" || second === "-h") {
    return { kind: "group", path, group, rest: words.slice(1) };
  }
  const key = own(group.members, second);
  const entry = key === undefined ? undefined : own(COMMANDS, key);
  if (key === undefined || entry === undefined) throw unknownCommand(path, second, `Usage:  ${path}\n\n`);
  return { kind: "command", path: `${path} ${second}`, key, entry, rest: words.slice(2) };
}

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

function unknownCommand(path: string, word: string, usage: string): CommandError {
  return new CommandError(
    `${PROGRAM}: unknown command: ${path} ${word}\n\n${usage}Run '${path} --help' for more information`,
  );
}

/** The parsed command line, ready to run; undefined when it asks for help. */
async function prepare(
  { entry, path, rest }: Extract<Target, { kind: "command" }>,
  context: OpenContext,
): Promise<Invocation | undefined> {
  if (entry.connections !== undefined) context.connectAhead(entry.connections);
  const { command } = await entry.load();
  try {
    return command.parse(path, rest);
  } catch (error) {
    throw withUsage(error, path, command.usage);
  }
}

/** Docker prints the usage line after wrong flags and counts, in these two shapes. */
function withUsage(error: unknown, path: string, usage: string): unknown {
  const hint = `Usage:  ${path} ${usage}\n\n${error instanceof ArgCountError ? error.hint : "Run"} '${path} --help' for more information`;
  if (error instanceof UsageError) return new CommandError(`${error.message}\n\n${hint}`, error.exitCode);
  if (error instanceof ArgCountError)
    return new CommandError(`${PROGRAM}: ${error.message}\n\n${hint}`, error.exitCode);
  return error;
}

async function helpFor(target: Target): Promise<string> {
  const help = await import("./help.ts");
  switch (target.kind) {
    case "program":
      return help.programHelp(PROGRAM);
    case "group":
      return help.groupHelp(target.path, target.group);
    case "command": {
      const { command } = await target.entry.load();
      return help.commandHelp({ program: PROGRAM, path: target.path, key: target.key, entry: target.entry, command });
    }
  }
}

async function say(io: Io, text: string): Promise<number> {
  await io.stdout.write(text);
  return 0;
}
