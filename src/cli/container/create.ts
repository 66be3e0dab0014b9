/** Creates a container for `run` and `create`: pulls the image when it is missing, keeps the id in a file when asked to. */
import type { Client } from "../../client/client.ts";
import type { CreateBody } from "../../client/containers.ts";
import { isStatus } from "../../client/errors.ts";
import type { ContainerCreateResponse } from "../../wire/container.ts";
import type { Context } from "../command.ts";
import { CommandError, errorText } from "../errors.ts";
import { neutralise } from "../neutralise.ts";
import { familiarName, splitName, withDefaultTag } from "../registry/name.ts";
import { type CreateInput, createBody } from "./create-body.ts";
import type { CreateFlags } from "./flags.ts";
import { absolutePath } from "./paths.ts";
import { pullImage } from "./pull.ts";

const PULL_OPTIONS = ["always", "missing", "never"];

/** The request's body; whatever is wrong with the flags is told with a hint at the help, exit code 125. */
export async function prepareBody(context: Context, input: CreateInput): Promise<CreateBody> {
  try {
    const { pull } = input.flags;
    if (!PULL_OPTIONS.includes(pull)) {
      throw new CommandError(`invalid pull option: '${pull}': must be one of "always", "missing" or "never"`);
    }
    return await createBody(input, context.env);
  } catch (error) {
    throw withHelp(error, context.path, 125);
  }
}

/** Docker's form for what goes wrong in `run`. */
export function withHelp(error: unknown, path: string, exitCode: number): CommandError {
  const program = path.split(" ", 1)[0] ?? path;
  const message = `${program}: ${errorText(error)}\n\nRun '${path} --help' for more information`;
  return new CommandError(message, exitCode, { cause: error });
}

/** The new container's id; warnings go to standard error. */
export async function createContainer(context: Context, flags: CreateFlags, body: CreateBody): Promise<string> {
  const client = await context.client();
  const idFile = flags.cidfile === "" ? undefined : absolutePath(context.env.cwd, flags.cidfile);
  if (idFile !== undefined && (await Bun.file(idFile).exists())) {
    const advice = `make sure the other container isn't running or delete ${flags.cidfile}`;
    throw new CommandError(`container ID file found, ${advice}`);
  }
  if (flags.pull === "always") await pullImage(context, client, body.Image ?? "", flags);
  const { Id: id, Warnings: warnings } = await createOrPull(context, client, flags, body);
  for (const warning of warnings ?? []) await context.io.stderr.write(`WARNING: ${neutralise(warning)}\n`);
  if (idFile !== undefined) await Bun.write(idFile, id);
  return id;
}

async function createOrPull(
  context: Context,
  client: Client,
  flags: CreateFlags,
  body: CreateBody,
): Promise<ContainerCreateResponse> {
  const image = body.Image ?? "";
  const create = (): Promise<ContainerCreateResponse> =>
    client.containers.create(body, { name: flags.name, platform: flags.platform });
  try {
    return await create();
  } catch (error) {
    if (!isMissingImage(error) || flags.pull !== "missing") throw error;
    if (!flags.quiet)
      await context.io.stderr.write(
        neutralise(`Unable to find image '${familiarName(withDefaultTag(splitName(image)))}' locally\n`),
      );
    await pullImage(context, client, image, flags);
    return create();
  }
}

/** A missing network or container is "not found" as well. */
const isMissingImage = (error: unknown): boolean =>
  isStatus(error, 404) && error instanceof Error && /no such image/i.test(error.message);
