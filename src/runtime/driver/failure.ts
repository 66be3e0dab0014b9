/**
 * What an OCI runtime's error text means: the only place that matches it. The result has Docker's words, which scripts look for,
 * under the runtime's own name, and the exit code that Docker would record.
 */

export interface FailureContext {
  readonly runtime: string;
  readonly kind: "container" | "exec";
  /** First word of the command that was to run. */
  readonly command: string;
}

export interface Failure {
  /** 126 cannot be executed, 127 not found, 128 anything else. */
  readonly exitCode: number;
  readonly message: string;
}

/** A start that failed, in the words for the user. */
export class StartError extends Error {
  readonly exitCode: number;

  constructor({ exitCode, message }: Failure, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartError";
    this.exitCode = exitCode;
  }
}

/** What runc refuses and others would take: refused before anything runs, by what it says about the document or the process. */
export class Refusal extends Error {
  readonly about: "document" | "process";

  constructor(about: Refusal["about"], words: string) {
    super(words);
    this.name = "Refusal";
    this.about = about;
  }
}

const NOT_FOUND = "executable file not found in $PATH";

/** Pattern of a runtime's own words, and what runc 1.3 would say. */
const TRANSLATIONS: readonly (readonly [RegExp, (match: RegExpExecArray, context: FailureContext) => string])[] = [
  // crun
  [/^executable file `(.*)` not found in \$PATH/s, ([, file = ""]) => missing(file)],
  [/^open executable: Operation not permitted/, (_match, { command }) => notARegularFile(command)],
  [/^open executable: (.+)/s, ([, reason = ""], { command }) => `exec: "${command}": ${lower(reason)}`],
  [
    /^exec container process (?:\(.*\) )?`(.*)`: (.+)/s,
    ([, file = "", reason = ""]) => `exec ${file}: ${lower(reason)}`,
  ],
  [/^chdir `(.*)`: (.+)/s, ([, path = "", reason = ""], context) => wrongDirectory(path, lower(reason), context)],
  // runc
  [/^Cwd must be an absolute path/, ([text]) => text],
  [
    /^(?:.* failed: )?unable to start container process: (?:error during container init: )?(.+)/s,
    ([, reason = ""]) => reason,
  ],
  [/^(?:exec|runc \w+) failed: (.+)/s, ([, reason = ""]) => reason],
];

const missing = (file: string): string =>
  file.includes("/") ? `exec: "${file}": stat ${file}: no such file or directory` : `exec: "${file}": ${NOT_FOUND}`;

/** An empty command is looked up as the directories of PATH themselves. */
const notARegularFile = (command: string): string =>
  command === "" ? `exec: "": ${NOT_FOUND}` : `exec: "${command}": is a directory: permission denied`;

const wrongDirectory = (path: string, reason: string, { kind }: FailureContext): string =>
  kind === "container" && reason === "not a directory"
    ? `mkdir ${path}: not a directory`
    : `chdir to cwd ("${path}") set in config.json failed: ${reason}`;

const lower = (reason: string): string => reason.charAt(0).toLowerCase() + reason.slice(1);

/** `words` are the runtime's last error, without the dress of its log. */
export function classifyFailure(words: string, context: FailureContext): Failure {
  return withExitCode(`${preamble(context)}${printable(translate(words, context))}`);
}

export function classifyRefusal({ about, message }: Refusal, context: FailureContext): Failure {
  if (about === "process") return classifyFailure(message, context);
  return { exitCode: 128, message: `${runtimeFailed(context)}${printable(message)}` };
}

/** Names in it are a container's, and an exec session's error goes to the user's terminal with its output. As Go's %q has them. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

function translate(words: string, context: FailureContext): string {
  for (const [pattern, say] of TRANSLATIONS) {
    const match = pattern.exec(words);
    if (match !== null) return say(match, context);
  }
  return words;
}

const preamble = (context: FailureContext): string =>
  `${runtimeFailed(context)}unable to start container process: ${context.kind === "exec" ? "" : "error during container init: "}`;

const runtimeFailed = ({ kind, runtime }: FailureContext): string =>
  kind === "exec"
    ? "OCI runtime exec failed: exec failed: "
    : `failed to create task for container: failed to create shim task: OCI runtime create failed: ${runtime} create failed: `;

/** The code follows from the words, as in moby (daemon/start_unix.go, setExitCodeFromError). */
function withExitCode(message: string): Failure {
  const text = message.toLowerCase();
  if (text.includes("permission denied") || text.includes("is a directory")) return { exitCode: 126, message };
  if (text.includes("not a directory")) {
    const hint =
      "Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";
    return { exitCode: 127, message: `${message}: ${hint}` };
  }
  const isMissing = text.includes("executable file not found") || text.includes("no such file or directory");
  return { exitCode: isMissing ? 127 : 128, message };
}
