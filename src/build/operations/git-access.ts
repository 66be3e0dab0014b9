/** How git comes to a repository that is not everybody's: by a token of the build's client, or by its ssh agent. */
import type { Session } from "../session.ts";
import { listenForAgent } from "./exec/agent.ts";

export interface GitAccess extends Disposable {
  /** Variables for git. Words of a command line could be read by everybody. */
  readonly env: Readonly<Record<string, string>>;
}

const AGENT = "default";

/** Asks the client for no more than the remote can use. `directory` takes the agent's socket until the disposal. */
export async function gitAccess(remote: string, session: Session | undefined, directory: string): Promise<GitAccess> {
  using undo = new DisposableStack();
  if (session === undefined) return kept(undo, {});
  if (/^https?:\/\//.test(remote)) return kept(undo, await authorization(new URL(remote), session));
  const isSsh = remote.startsWith("ssh://") || /^[^/:]+@[^/:]+:/.test(remote);
  if (!isSsh || !(await session.hasAgent(AGENT))) return kept(undo, {});
  const socket = `${directory}/agent.sock`;
  undo.use(listenForAgent(socket, () => session.connectAgent(AGENT)));
  return kept(undo, { SSH_AUTH_SOCK: socket });
}

function kept(undo: DisposableStack, env: Readonly<Record<string, string>>): GitAccess {
  const held = undo.move();
  return { env, [Symbol.dispose]: () => held.dispose() };
}

/** The secrets are BuildKit's: those for the host come first, a whole header before a token. Git sends it to this host alone. */
async function authorization({ host, origin }: URL, session: Session): Promise<Record<string, string>> {
  for (const suffix of [`.${host}`, ""]) {
    const header = await textOf(session, `GIT_AUTH_HEADER${suffix}`);
    const token = header === undefined ? await textOf(session, `GIT_AUTH_TOKEN${suffix}`) : undefined;
    const value = token === undefined ? header : `basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
    if (value === undefined) continue;
    return {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: `http.${origin}/.extraheader`,
      GIT_CONFIG_VALUE_0: `Authorization: ${value}`,
    };
  }
  return {};
}

async function textOf(session: Session, id: string): Promise<string | undefined> {
  const secret = await session.secret(id);
  return secret === undefined ? undefined : Buffer.from(secret).toString().trim();
}
