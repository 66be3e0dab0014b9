/** tare version: of the client and of the engine. */
import { compareVersions } from "../../wire/version.ts";
import { CLI_API_VERSION } from "../api-version.ts";
import { type Context, defineCommand } from "../command.ts";
import { errorText } from "../errors.ts";
import { formatFlag } from "../format-flag.ts";
import type { PrintedObject } from "../format-object.ts";
import { type ServerVersion, serverText, versionRows } from "../version-text.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: { format: formatFlag({ short: "f" }) },
  args: [0, 0],
  async run(context, { flags }) {
    const { server, problem } = await serverVersion(context);
    const client = clientVersion(context, server);
    const printed = await print(flags.format, client, server);
    await context.io.stdout.write(printed.text);
    const problems = [printed.problem, problem].filter((text) => text !== "");
    for (const text of problems) await context.io.stderr.write(`${text}\n`);
    return problems.length === 0 ? 0 : 1;
  },
});

async function print(format: string, client: ClientVersion, server: ServerVersion | undefined): Promise<PrintedObject> {
  if (format === "") return { text: versionText(client, server), problem: "" };
  const { formatVersion } = await import("../version-format.ts");
  return formatVersion(format, client, server);
}

type ClientVersion = ReturnType<typeof clientVersion>;

function clientVersion({ env }: Context, server: ServerVersion | undefined) {
  return {
    Version: env.version,
    ApiVersion: agreedVersion(server?.["ApiVersion"]),
    DefaultAPIVersion: CLI_API_VERSION,
    BunVersion: Bun.version,
    Os: process.platform,
    Arch: process.arch === "x64" ? "amd64" : process.arch,
    Context: "default",
  };
}

/** The older of the two. */
function agreedVersion(theirs: unknown): string {
  return typeof theirs === "string" && compareVersions(theirs, CLI_API_VERSION) < 0 ? theirs : CLI_API_VERSION;
}

/** The client's half is worth printing when the engine does not answer. */
async function serverVersion(context: Context): Promise<{ server: ServerVersion | undefined; problem: string }> {
  try {
    const { system } = await context.client();
    return { server: await system.version(), problem: "" };
  } catch (error) {
    return { server: undefined, problem: errorText(error) };
  }
}

function versionText(client: ClientVersion, server: ServerVersion | undefined): string {
  const own = versionRows(" ", [
    ["Version", client.Version],
    ["API version", apiText(client)],
    ["Bun version", client.BunVersion],
    ["OS/Arch", `${client.Os}/${client.Arch}`],
    ["Context", client.Context],
  ]);
  return `Client:\n${own}${server === undefined ? "" : `\n${serverText(server)}`}`;
}

const apiText = ({ ApiVersion, DefaultAPIVersion }: ClientVersion): string =>
  ApiVersion === DefaultAPIVersion ? ApiVersion : `${ApiVersion} (downgraded from ${DefaultAPIVersion})`;
