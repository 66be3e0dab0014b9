/** Gets an image that is not there, as `docker run` does: the engine pulls it, its progress goes to standard error. */
import type { Client } from "../../client/client.ts";
import type { Context } from "../command.ts";
import { splitName, withDefaultTag } from "../registry/name.ts";

export interface PullOptions {
  readonly platform: string;
  readonly quiet: boolean;
}

/** Throws CommandError, or ClientError, when the engine cannot get it. */
export async function pullImage(
  context: Context,
  client: Client,
  image: string,
  { platform, quiet }: PullOptions,
): Promise<void> {
  // Nobody waits for these whose image is there.
  const [{ openKeyring }, { showTransfer }] = await Promise.all([
    import("../registry/keyring.ts"),
    import("../transfer/show.ts"),
  ]);
  const auth = await (await openKeyring(context.env)).forImage(image);
  const { repository, tag, digest } = withDefaultTag(splitName(image));
  const lines = client.registries.pull(repository, digest || tag, { platform, auth, sizes: context.io.isTerminal(2) });
  await showTransfer({ io: context.io, env: context.env, fd: 2, quiet, unit: "layer" }, lines);
}
