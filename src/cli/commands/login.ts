/** tare login: has the engine try credentials at a registry, and keeps them where Docker's clients look for them. */
import type { AuthConfig } from "../../client/registries.ts";
import { type Context, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { switchFlag, textFlag } from "../flag-kinds.ts";
import type { Io } from "../io.ts";
import { neutralise } from "../neutralise.ts";
import { type Keyring, openKeyring } from "../registry/keyring.ts";
import { serverKey } from "../registry/name.ts";
import { askLine, askSecret } from "../registry/prompt.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [SERVER]",
  flags: {
    password: textFlag("Password or Personal Access Token (PAT)", { short: "p" }),
    "password-stdin": switchFlag("Take the Password or Personal Access Token (PAT) from stdin"),
    username: textFlag("Username", { short: "u" }),
  },
  args: [0, 1],
  async run(context, { flags, args, given }) {
    const { io } = context;
    if (given.has("password")) {
      await io.stderr.write("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
    }
    const password = flags["password-stdin"] ? await passwordFromStdin(io, flags) : flags.password;
    const key = serverKey(args[0] ?? "");
    const keyring = await openKeyring(context.env);
    const { username } = flags;
    const done = username === "" && password === "" && (await loginAgain(context, keyring, key));
    if (!done) await loginAnew(context, keyring, { key, username, password });
    await io.stdout.write("Login Succeeded\n");
    return 0;
  },
});

async function passwordFromStdin(io: Io, flags: { username: string; password: string }): Promise<string> {
  if (flags.password !== "") {
    throw new CommandError("conflicting options: cannot specify both --password and --password-stdin");
  }
  if (flags.username === "") throw new CommandError("the --password-stdin option requires --username to be set");
  const pieces: Uint8Array[] = [];
  for await (const piece of io.stdin) pieces.push(piece);
  return Buffer.concat(pieces)
    .toString()
    .replace(/[\r\n]+$/, "");
}

/** With what is kept already; false when that is nothing, or no good any more. */
async function loginAgain(context: Context, keyring: Keyring, key: string): Promise<boolean> {
  const { io } = context;
  const known = await keyring.get(key);
  if (!known.username && !known.identitytoken) return false;
  const who = known.username ? ` [Username: ${neutralise(known.username)}]` : "";
  await io.stderr.write(`Authenticating with existing credentials...${who}\n`);
  try {
    await (await context.client()).registries.login({ ...known, serveraddress: key });
    return true;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ClientError") throw error;
    await io.stderr.write(`Login did not succeed, error: ${neutralise(error.message)}\n`);
    return false;
  }
}

interface Attempt {
  readonly key: string;
  readonly username: string;
  readonly password: string;
}

async function loginAnew(context: Context, keyring: Keyring, { key, username, password }: Attempt): Promise<void> {
  const { io } = context;
  if ((username === "" || password === "") && !io.isTerminal(0)) {
    throw new CommandError("Error: Cannot perform an interactive login from a non TTY device");
  }
  const user = username || (await askLine(io, "Username: "));
  if (user === "") throw new CommandError("Error: Username is required");
  const secret = password || (await askSecret(io, "Password: "));
  if (secret === "") throw new CommandError("Error: Password is required");
  const auth: AuthConfig = { username: user, password: secret, serveraddress: key };
  const { IdentityToken } = await (await context.client()).registries.login(auth);
  const kept = IdentityToken === "" ? auth : { username: user, identitytoken: IdentityToken };
  const file = keyring.plainFile(key);
  if (file !== undefined) await io.stderr.write(plainTextWarning(file));
  await keyring.store(key, kept);
}

const plainTextWarning = (file: string): string => `
WARNING! Your credentials are stored unencrypted in '${file}'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/

`;
