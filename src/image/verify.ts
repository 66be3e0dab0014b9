/**
 * Reading images again, all of them: whether every layer, configuration and manifest still is what its digest says. What is damaged can
 * be fetched anew from a registry that is known to have it.
 */
import { systemError } from "../base/errors.ts";
import { shortId } from "../base/ids.ts";
import type { ProgressLine } from "../wire/image.ts";
import type { Credentials } from "../wire/registry-auth.ts";
import type { Image } from "./catalog.ts";
import type { ImageContext } from "./context.ts";
import { digestOf } from "./digest.ts";
import { type Report, reportLines } from "./progress.ts";
import { canonical, type Digest, familiar, type Reference, repository } from "./reference.ts";
import { credentialsFor, type Keyring } from "./registry/remote-copy.ts";
import type { RegistryService } from "./registry/types.ts";

export interface VerifyOptions {
  /** None is all images. */
  readonly refs: readonly string[];
  /** Fetch again what is damaged. */
  readonly repair: boolean;
  /** Who we are to registries. */
  readonly keyring: Keyring;
}

interface Verifying {
  readonly context: ImageContext;
  readonly registries: Pick<RegistryService, "distribution" | "pull">;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** One line a layer, a last one in sum; it ends with an error line when damage is left. Unknown images throw before the first line. */
export function verifyImages(
  context: ImageContext,
  registries: Verifying["registries"],
  options: VerifyOptions,
): AsyncIterable<ProgressLine> {
  const { catalog } = context;
  const images = options.refs.length === 0 ? catalog.all() : options.refs.map((ref) => catalog.resolve(ref));
  return reportLines(async (report, signal) => {
    const verifying: Verifying = { context, registries, report, signal };
    const damaged = await damagedLayers(verifying, images);
    const left = options.repair ? await repair(verifying, damaged, options) : damaged;
    const bad = images.filter((image) => isDamaged(context, image, left));
    for (const { id } of bad) report({ status: `Damaged: ${nameOf(context, id)}` });
    report({ status: `${images.length - bad.length} of ${images.length} images are whole` });
    if (bad.length > 0) throw systemError(`${bad.length} of ${images.length} images are damaged`);
  });
}

/** Each layer is read once, however many images have it. */
async function damagedLayers(verifying: Verifying, images: readonly Image[]): Promise<Digest[]> {
  const layers = [...new Set(images.flatMap(({ parsed }) => parsed.rootfs.diff_ids))];
  const states = await Promise.all(layers.map((diffId) => verifyLayer(verifying, diffId)));
  return layers.filter((_diffId, at) => states[at] !== undefined);
}

/** What is wrong with it, if anything. */
async function verifyLayer({ context, report, signal }: Verifying, diffId: Digest): Promise<string | undefined> {
  const { layers } = context;
  const id = shortId(diffId);
  if (!layers.has(diffId)) {
    report({ id, status: "Missing" });
    return "it is missing";
  }
  using _pinned = pinned(layers.pin([diffId]));
  const total = layers.tar(diffId).length;
  const onProgress = (current: number): void => report({ id, status: "Verifying", progressDetail: { current, total } });
  const problem = await layers.verify(diffId, { signal, onProgress });
  report({ id, status: problem === undefined ? "Verified" : `Damaged: ${problem}` });
  return problem;
}

function pinned(unpin: () => void): Disposable {
  return { [Symbol.dispose]: unpin };
}

/** Documents are looked at with their image. */
function isDamaged({ content }: ImageContext, image: Image, layers: readonly Digest[]): boolean {
  return (
    digestOf(image.document) !== image.id ||
    content.documentsOf(image.id).some(({ bytes, digest }) => digestOf(bytes) !== digest) ||
    image.parsed.rootfs.diff_ids.some((diffId) => layers.includes(diffId))
  );
}

/** The layers that are still damaged afterwards. */
async function repair(verifying: Verifying, damaged: readonly Digest[], options: VerifyOptions): Promise<Digest[]> {
  const { context, report } = verifying;
  let left = [...damaged];
  for (const image of context.catalog.all()) {
    const own = image.parsed.rootfs.diff_ids.filter((diffId) => left.includes(diffId));
    const source = context.catalog.namesOf(image.id).find(({ digest }) => digest !== undefined);
    if (own.length === 0 || source === undefined) continue;
    report({ status: `Fetching ${familiar(source)} again` });
    await fetchAgain(verifying, source, own, credentialsFor(options.keyring, source.domain));
    const states = await Promise.all(own.map((diffId) => verifyLayer(verifying, diffId)));
    left = left.filter((diffId) => !own.includes(diffId) || states[own.indexOf(diffId)] !== undefined);
  }
  return left;
}

/** What is damaged goes only once the registry has said that it has the image. */
async function fetchAgain(
  { context, registries, report, signal }: Verifying,
  source: Reference,
  layers: readonly Digest[],
  credentials: Credentials,
): Promise<void> {
  await registries.distribution({ image: canonical(source), credentials, signal });
  for (const diffId of layers) await context.layers.condemn(diffId);
  const tag = source.digest ?? "";
  const image = repository(source);
  const lines = registries.pull({ image, tag, platform: "", sizes: false, credentials, signal });
  for await (const line of lines) {
    if (line.errorDetail !== undefined) throw systemError(line.errorDetail.message);
    report(line);
  }
}

function nameOf({ catalog }: ImageContext, id: Digest): string {
  const [name] = catalog.namesOf(id);
  return name === undefined ? shortId(id) : familiar(name);
}
