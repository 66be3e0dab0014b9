/** Programs that keep credentials, `docker-credential-<name>` (docker-credential-helpers' protocol): an action as argument, JSON in and out. */
import type { AuthConfig } from "../../client/registries.ts";
import { CommandError } from "../errors.ts";

export interface CredentialHelper {
  /** Undefined when it has none for this registry. */
  get(server: string): Promise<AuthConfig | undefined>;
  store(server: string, auth: AuthConfig): Promise<void>;
  erase(server: string): Promise<void>;
  /** Registries it has credentials for. */
  list(): Promise<string[]>;
}

/** The user name under which helpers keep a token in place of a password. */
const TOKEN_USER = "<token>";
const NOT_FOUND = "credentials not found in native keychain";

type Variables = Readonly<Record<string, string | undefined>>;

export function createHelper(name: string, variables: Variables): CredentialHelper {
  const ask = (action: string, input: string): Promise<string> => runHelper({ name, action, input, variables });
  return {
    async get(server) {
      const answer = await ask("get", server).catch((error: unknown) => {
        if (error instanceof CommandError && error.message.includes(NOT_FOUND)) return undefined;
        throw error;
      });
      return answer === undefined ? undefined : toAuth(server, answer);
    },
    async store(server, { username = "", password = "", identitytoken = "" }) {
      const [user, secret] = identitytoken === "" ? [username, password] : [TOKEN_USER, identitytoken];
      await ask("store", JSON.stringify({ ServerURL: server, Username: user, Secret: secret }));
    },
    async erase(server) {
      await ask("erase", server).catch((error: unknown) => {
        if (!(error instanceof CommandError && error.message.includes(NOT_FOUND))) throw error;
      });
    },
    async list() {
      const parsed: unknown = JSON.parse(await ask("list", ""));
      return typeof parsed === "object" && parsed !== null ? Object.keys(parsed) : [];
    },
  };
}

interface HelperRun {
  readonly name: string;
  readonly action: string;
  readonly input: string;
  readonly variables: Variables;
}

/** Its standard output. Throws CommandError with the helper's own words. */
async function runHelper({ name, action, input, variables }: HelperRun): Promise<string> {
  const program = `docker-credential-${name}`;
  const path = Bun.which(program, { PATH: variables["PATH"] ?? "" });
  const refuse = (why: string, output: string): never => {
    throw new CommandError(`error getting credentials - err: ${why}, out: \`${output}\``);
  };
  if (path === null || /[/\\]/.test(name)) {
    return refuse(`exec: ${JSON.stringify(program)}: executable file not found in $PATH`, "");
  }
  const child = Bun.spawn([path, action], {
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "inherit",
    env: variables,
  });
  const output = (await child.stdout.text()).trim();
  const exitCode = await child.exited;
  return exitCode === 0 ? output : refuse(`exit status ${exitCode}`, output);
}

function toAuth(server: string, text: string): AuthConfig {
  const parsed: unknown = JSON.parse(text);
  const field = (key: string): string => {
    const value: unknown = typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, key) : undefined;
    return typeof value === "string" ? value : "";
  };
  const [username, secret] = [field("Username"), field("Secret")];
  return username === TOKEN_USER
    ? { identitytoken: secret, serveraddress: server }
    : { username, password: secret, serveraddress: server };
}
