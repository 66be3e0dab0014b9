/** `docker import URL`: the engine fetches the tarball itself. */
import { invalidParameter, systemError } from "../base/errors.ts";
import type { ProgressLine } from "../wire/image.ts";
import type { ImageContext } from "./context.ts";
import { type ImportOptions, importImage } from "./import.ts";
import { networkError } from "./registry/registry-error.ts";

const MAX_COMPLAINT = 1024;

/** Unreachable addresses and bad options throw before the first line. A bare name is fetched by HTTP, as Docker does. */
export async function* importRemote(
  context: ImageContext,
  source: string,
  options: ImportOptions,
  signal: AbortSignal,
): AsyncGenerator<ProgressLine> {
  const url = toUrl(source);
  const response = await get(url, signal);
  yield { status: `Downloading from ${url}` };
  const message = options.message || `Imported from ${url}`;
  yield* importImage(context, { body: bytesOf(response) }, { ...options, message });
}

function toUrl(source: string): string {
  const url = URL.parse(source.includes("://") ? source : `http://${source}`);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw invalidParameter(`cannot import from ${JSON.stringify(source)}: it is no http or https URL`);
  }
  return url.href;
}

async function get(url: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    throw networkError("GET", new URL(url), error);
  }
  if (response.ok) return response;
  const said = (await response.text()).slice(0, MAX_COMPLAINT);
  throw systemError(`failed to GET ${url} with status ${response.status} ${response.statusText}: ${said}`);
}

async function* bytesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body !== null) yield* body;
}
