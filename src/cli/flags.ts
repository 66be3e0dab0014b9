/** Command-line flags as a table, parsed in the grammar of pflag: long, short, clusters, `=`, `--`, interspersed or not. */
import { messageOf } from "../base/errors.ts";
import { UsageError } from "./errors.ts";

export interface Flag<T> {
  /** One letter, for `-x`. */
  readonly short?: string;
  /** Other long names that mean the same and do not show in help. */
  readonly aliases?: readonly string[];
  /** The word for the value in help; "" for switches. */
  readonly placeholder: string;
  readonly help: string;
  readonly initial: T;
  /** The default as help shows it, such as `"missing"` or `true`. */
  readonly shownDefault?: string;
  readonly hidden?: boolean;
  /** The value of the flag when none is given with it (`--detach`); without it the next argument is the value. */
  readonly bare?: string;
  /** The new value after this occurrence. Throws with the reason when `text` is no value of this kind. */
  parse(text: string, previous: T): T;
}

/** Keyed by long name. */
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

export type FlagValues<F> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

export interface Parsed<F> {
  readonly values: FlagValues<F>;
  /** Long names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
  /** `--help`, or `-h` where no flag has that letter. A wrong flag anywhere is an error all the same. */
  readonly help: boolean;
}

/** Parses all of `argv`. Without `interspersed` the first positional argument ends the flags. Throws UsageError. */
export function parseFlags<F extends FlagTable>(table: F, argv: readonly string[], interspersed: boolean): Parsed<F> {
  const scan = new FlagScan(table, argv);
  const args: string[] = [];
  while (!scan.done) {
    const arg = scan.next();
    if (arg === "--") {
      args.push(...scan.remaining());
    } else if (arg.startsWith("--")) {
      scan.long(arg);
    } else if (arg.startsWith("-") && arg !== "-") {
      scan.cluster(arg);
    } else {
      args.push(arg);
      if (!interspersed) args.push(...scan.remaining());
    }
  }
  return { values: scan.values as FlagValues<F>, given: scan.given, args, help: scan.help };
}

/** One walk over the arguments, gathering values. */
class FlagScan {
  readonly values: Record<string, unknown> = {};
  readonly given = new Set<string>();
  help = false;
  readonly #table: FlagTable;
  readonly #argv: readonly string[];
  readonly #byShort = new Map<string, string>();
  readonly #byLong = new Map<string, string>();
  #at = 0;

  constructor(table: FlagTable, argv: readonly string[]) {
    this.#table = table;
    this.#argv = argv;
    for (const [name, flag] of Object.entries(table)) {
      this.values[name] = flag.initial;
      if (flag.short !== undefined) this.#byShort.set(flag.short, name);
      for (const alias of flag.aliases ?? []) this.#byLong.set(alias, name);
    }
  }

  get done(): boolean {
    return this.#at >= this.#argv.length;
  }

  next(): string {
    return this.#argv[this.#at++] ?? "";
  }

  remaining(): readonly string[] {
    const rest = this.#argv.slice(this.#at);
    this.#at = this.#argv.length;
    return rest;
  }

  long(arg: string): void {
    const equals = arg.indexOf("=");
    const spelled = arg.slice(2, equals < 0 ? undefined : equals);
    if (spelled === "" || spelled.startsWith("-")) throw new UsageError(`bad flag syntax: ${arg}`);
    const name = this.#byLong.get(spelled) ?? spelled;
    const flag = Object.hasOwn(this.#table, name) ? this.#table[name] : undefined;
    if (flag === undefined) {
      if (spelled !== "help") throw new UsageError(`unknown flag: --${spelled}`);
      this.help = true;
      return;
    }
    this.#set(name, flag, equals < 0 ? this.#valueAfter(flag, `--${spelled}`) : arg.slice(equals + 1));
  }

  /** `-itd`, `-eKEY=value`, `-e=KEY`, `-e KEY`. */
  cluster(arg: string): void {
    for (let at = 1; at < arg.length; at++) {
      const letter = arg.charAt(at);
      const name = this.#byShort.get(letter);
      const flag = name === undefined ? undefined : this.#table[name];
      if (name === undefined || flag === undefined) {
        if (letter !== "h") throw new UsageError(`unknown shorthand flag: '${letter}' in -${arg.slice(at)}`);
        this.help = true;
        continue;
      }
      const rest = arg.slice(at + 1);
      if (rest.startsWith("=")) return this.#set(name, flag, rest.slice(1));
      if (flag.bare === undefined && rest !== "") return this.#set(name, flag, rest);
      this.#set(name, flag, this.#valueAfter(flag, `'${letter}' in -${arg.slice(at)}`));
    }
  }

  #valueAfter(flag: Flag<unknown>, spelled: string): string {
    if (flag.bare !== undefined) return flag.bare;
    if (this.done) throw new UsageError(`flag needs an argument: ${spelled}`);
    return this.next();
  }

  #set(name: string, flag: Flag<unknown>, text: string): void {
    try {
      this.values[name] = flag.parse(text, this.values[name]);
      this.given.add(name);
    } catch (error) {
      const spelled = flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`;
      const reason = `invalid argument ${JSON.stringify(text)} for "${spelled}" flag: ${messageOf(error)}`;
      throw new UsageError(reason, { cause: error });
    }
  }
}
