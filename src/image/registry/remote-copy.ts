/** `tare image cp` and `tare manifest push`: operations between repositories, as progress or as one outcome. */
import { invalidParameter } from "../../base/errors.ts";
import type { ProgressLine } from "../../wire/image.ts";
import type { ManifestPush } from "../../wire/registry.ts";
import { ANONYMOUS, type Credentials } from "../../wire/registry-auth.ts";
import { toDocument } from "../content.ts";
import type { Platform } from "../platform.ts";
import { reportLines } from "../progress.ts";
import {
  familiar,
  parseReference,
  type Reference,
  repository as repositoryName,
  withDefaultTag,
} from "../reference.ts";
import { type Copying, choose, copyDocument } from "./copy.ts";
import { readManifest } from "./descriptors.ts";
import { DOCKER_HUB } from "./endpoints.ts";
import { registryOf } from "./login.ts";
import { getManifest, hasManifest, putManifest } from "./manifests.ts";
import type { Session } from "./session.ts";
import { translatePullError } from "./translate.ts";

/** Credentials by registry, as clients call the registries. */
export type Keyring = ReadonlyMap<string, Credentials>;

export interface CopyRequest {
  readonly from: Reference;
  readonly to: Reference;
  /** Undefined copies all. */
  readonly platform: Platform | undefined;
  readonly keyring: Keyring;
}

export function credentialsFor(keyring: Keyring, domain: string): Credentials {
  const found = [...keyring].find(([address]) => registryOf(address) === domain);
  return found?.[1] ?? (domain === DOCKER_HUB ? keyring.get("https://index.docker.io/v1/") : undefined) ?? ANONYMOUS;
}

/** What the source lacks throws before the first line. */
export async function* copyImage(session: Session, request: CopyRequest): AsyncGenerator<ProgressLine> {
  const { platform, keyring } = request;
  const [from, to] = [withDefaultTag(request.from), withDefaultTag(request.to)];
  const source = session.source(from, credentialsFor(keyring, from.domain));
  const target = session.target(to, credentialsFor(keyring, to.domain));
  const top = await getManifest(source, from.digest ?? from.tag ?? "").catch((error: unknown) => {
    throw translatePullError(error, from);
  });
  yield* reportLines(async (report, signal) => {
    report({ status: `Copying ${familiar(from)} to ${repositoryName(to)}` });
    const document = platform === undefined ? top : await choose(source, top, platform);
    if (to.digest !== undefined && to.digest !== document.digest) {
      throw invalidParameter(`the copy would be ${document.digest}, not ${to.digest}`);
    }
    const copying: Copying = {
      source,
      target,
      isNeighbour: from.domain === to.domain,
      report,
      firstPauseMs: session.firstPauseMs,
      signal,
    };
    await copyDocument(copying, document, to.digest ?? to.tag ?? "");
    report({ status: `Digest: ${document.digest}` });
    report({ status: `Status: Copied to ${familiar(to)}` });
  });
}

export interface ListPush {
  readonly to: Reference;
  readonly list: ManifestPush;
  readonly keyring: Keyring;
  readonly signal: AbortSignal;
}

/** Puts an index, and before it what it lists, from wherever in the registry that is. Returns its digest. */
export async function pushList(session: Session, { to, list, keyring, signal }: ListPush): Promise<string> {
  const document = toDocument(list.MediaType, Buffer.from(list.Raw, "base64"));
  const index = readManifest(document);
  if (index.kind !== "index") throw invalidParameter("only indexes can be pushed this way");
  const target = session.target(to, credentialsFor(keyring, to.domain));
  for (const text of list.Sources) {
    const from = parseReference(text);
    if (from.digest === undefined) throw invalidParameter(`${text} has no digest`);
    if (await hasManifest(target, from.digest)) continue;
    const source = session.source(from, credentialsFor(keyring, from.domain));
    const child = await getManifest(source, from.digest);
    const copying: Copying = {
      source,
      target,
      isNeighbour: from.domain === to.domain,
      report: () => undefined,
      firstPauseMs: session.firstPauseMs,
      signal,
    };
    await copyDocument(copying, child, from.digest);
  }
  await putManifest(target, to.tag ?? document.digest, document);
  return document.digest;
}
