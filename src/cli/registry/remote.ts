/** Manifests as `tare manifest` needs them: of a list that is being put together, or else of the registry. */
import { isStatus } from "../../client/errors.ts";
import type { Context } from "../command.ts";
import { CommandError } from "../errors.ts";
import { openKeyring } from "./keyring.ts";
import type { ListedManifest } from "./manifest-store.ts";
import { canonicalName, familiarName, type ImageName } from "./name.ts";

/** Throws CommandError("no such manifest: …") whatever keeps it from us, as Docker's client does. */
export async function fetchManifest(context: Context, name: ImageName, insecure: boolean): Promise<ListedManifest> {
  const auth = await (await openKeyring(context.env)).forImage(canonicalName(name));
  const { registries } = await context.client();
  try {
    const remote = await registries.manifest(canonicalName(name), { insecure, auth });
    return { Ref: canonicalName(name), ...remote };
  } catch (cause) {
    const isMissing = [401, 403, 404].some((status) => isStatus(cause, status));
    if (!isMissing) throw cause;
    throw new CommandError(`no such manifest: ${familiarName(name)}`, 1, { cause });
  }
}
