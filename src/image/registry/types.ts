/** What the engine can do with registries, as those who ask for it see it. */
import type { ProgressLine } from "../../wire/image.ts";
import type { Credentials } from "../../wire/registry-auth.ts";
import type { ImageContext } from "../context.ts";
import type { LayerLeases } from "../leases.ts";
import type { RegistrySettings } from "./settings.ts";

export interface RegistriesDeps {
  readonly context: ImageContext;
  readonly leases: LayerLeases;
  /** For what is half downloaded or half uploaded; made when missing. */
  readonly dir: string;
  readonly settings: RegistrySettings;
}

export interface PullOptions {
  /** As in `fromImage`: a name, perhaps with tag or digest. */
  readonly image: string;
  /** A tag or a digest; "" with an image that has neither is all tags. */
  readonly tag: string;
  /** "" is this machine's. */
  readonly platform: string;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

export interface RegistryService {
  /** What cannot be found throws before the first line; the stream ends with an error line when something fails later. */
  readonly pull: (options: PullOptions) => AsyncIterable<ProgressLine>;
}
