/** `--secret`: files and variables of the user's that a build may read, each when it is asked for. */
import { statSync } from "node:fs";
import type { CliEnv } from "../command.ts";
import { readUserFile } from "../container/key-values.ts";
import { absolutePath } from "../container/paths.ts";
import { CommandError } from "../errors.ts";
import { buildProblem, parseFields } from "./fields.ts";

export interface Secret {
  readonly id: string;
  read(): Promise<Uint8Array>;
}

type SecretEnv = Pick<CliEnv, "cwd" | "variables">;

const MAX_BYTES = 500 * 1024;

/** Throws CommandError for what is wrong, in buildx's words, and for files that are not there or too large. */
export function openSecrets(env: SecretEnv, specs: readonly string[]): ReadonlyMap<string, Secret> {
  return new Map(specs.map((spec) => openSecret(env, spec)).map((secret) => [secret.id, secret]));
}

interface SecretWish {
  readonly id: string;
  /** One of both is not "". */
  readonly file: string;
  readonly variable: string;
}

function openSecret(env: SecretEnv, spec: string): Secret {
  const { id, file, variable } = parseSecret(spec, env.variables);
  if (variable !== "") return { id, read: async () => Buffer.from(env.variables[variable] ?? "") };
  checkFile(env.cwd, file);
  return { id, read: () => readUserFile(env.cwd, file) };
}

/** Without a source it is the variable of its name, or else the file. */
function parseSecret(spec: string, variables: SecretEnv["variables"]): SecretWish {
  const { id = "", type = "", env = "", src = "", source = src, ...unknown } = Object.fromEntries(parseFields(spec));
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) throw new CommandError(`ERROR: unexpected key '${strange}' in '${spec}'`);
  if (type !== "" && type !== "file" && type !== "env")
    throw new CommandError(`ERROR: unsupported secret type ${JSON.stringify(type)}`);
  if (id === "") throw buildProblem("secret missing ID");
  const isVariable = type === "env" && env === "";
  const wish = { id, file: isVariable ? "" : source, variable: isVariable ? source : env };
  if (wish.file !== "" || wish.variable !== "") return wish.variable === "" ? wish : { ...wish, file: "" };
  return variables[id] === undefined ? { id, file: id, variable: "" } : { id, file: "", variable: id };
}

function checkFile(cwd: string, file: string): void {
  const about = statSync(absolutePath(cwd, file), { throwIfNoEntry: false });
  if (about === undefined) throw buildProblem(`failed to stat ${file}: stat ${file}: no such file or directory`);
  if (about.size > MAX_BYTES) throw buildProblem(`secret ${file} too big. max size 500KB`);
}
