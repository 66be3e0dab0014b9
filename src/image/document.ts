/** The image configuration document (OCI image-spec config.json), whose bytes an image's id is the digest of. */
import { invalidParameter } from "../base/errors.ts";
import type { HealthConfig } from "../wire/container.ts";
import {
  bool,
  type Decoder,
  duration,
  type Fields,
  int,
  list,
  set,
  string,
  stringMap,
  stringOrList,
  strings,
  struct,
} from "../wire/decode/primitives.ts";
import type { ImageConfig } from "../wire/image.ts";
import type { Platform } from "./platform.ts";
import { type Digest, parseDigest } from "./reference.ts";

interface HistoryEntry {
  /** RFC 3339, or "". */
  created: string;
  created_by: string;
  author: string;
  comment: string;
  /** This step added no layer. */
  empty_layer: boolean;
}

interface ImageDocument {
  /** RFC 3339, or "". */
  created: string;
  author: string;
  architecture: string;
  variant: string;
  os: string;
  docker_version: string;
  comment: string;
  config: ImageConfig;
  rootfs: { type: string; diff_ids: Digest[] } | undefined;
  history: HistoryEntry[];
}

export function emptyImageConfig(): ImageConfig {
  return {
    User: "",
    Env: null,
    Entrypoint: null,
    Cmd: null,
    Volumes: null,
    WorkingDir: "",
    Labels: null,
    OnBuild: null,
  };
}

const emptyHistory = (): HistoryEntry => ({ created: "", created_by: "", author: "", comment: "", empty_layer: false });

const digest: Decoder<Digest> = (value, at) => parseDigest(string(value, at));

const configFields: Fields<ImageConfig> = {
  User: string,
  ExposedPorts: set("nat.PortSet"),
  Env: strings,
  Entrypoint: stringOrList,
  Cmd: stringOrList,
  Volumes: set("map[string]struct {}"),
  WorkingDir: string,
  Labels: stringMap,
  StopSignal: string,
  Healthcheck: struct("v1.HealthcheckConfig", (): HealthConfig => ({}), {
    Test: strings,
    Interval: duration,
    Timeout: duration,
    Retries: int,
    StartPeriod: duration,
    StartInterval: duration,
  }),
  OnBuild: strings,
  Shell: stringOrList,
  ArgsEscaped: bool,
};

const decodeImage: Decoder<ImageDocument> = struct("image.Image", emptyDocument, {
  created: string,
  author: string,
  architecture: string,
  variant: string,
  os: string,
  docker_version: string,
  comment: string,
  config: struct("container.Config", emptyImageConfig, configFields),
  rootfs: struct("image.RootFS", () => ({ type: "", diff_ids: new Array<Digest>() }), {
    type: string,
    diff_ids: list("digest.Digest", digest, (): Digest => parseDigest("")),
  }),
  history: list(
    "image.History",
    struct("image.History", emptyHistory, {
      created: string,
      created_by: string,
      author: string,
      comment: string,
      empty_layer: bool,
    }),
    emptyHistory,
  ),
});

function emptyDocument(): ImageDocument {
  return {
    created: "",
    author: "",
    architecture: "",
    variant: "",
    os: "",
    docker_version: "",
    comment: "",
    config: emptyImageConfig(),
    rootfs: undefined,
    history: [],
  };
}

export type ImageWithLayers = ImageDocument & { readonly rootfs: NonNullable<ImageDocument["rootfs"]> };

/** Throws invalidParameter in Docker's words where it has some. */
export function parseImageDocument(text: string): ImageWithLayers {
  const document = decodeImage(parseJson(text), "Image");
  const { rootfs } = document;
  if (rootfs === undefined) throw invalidParameter("invalid image JSON, no RootFS key");
  return { ...document, rootfs };
}

/** What an image was made for; one that does not say is taken for Linux. */
export function platformOf({ os, architecture, variant }: ImageDocument): Platform {
  return { os: os || "linux", architecture, variant };
}

/** JSON whose outermost value is set. */
export function parseJson(text: string): NonNullable<unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw invalidParameter("invalid JSON document in archive", { cause: error });
  }
  if (parsed === null || parsed === undefined) throw invalidParameter("invalid JSON document in archive: null");
  return parsed;
}
