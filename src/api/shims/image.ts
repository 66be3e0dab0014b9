/** How images looked to clients of other API versions (moby api/docs/CHANGELOG.md). */
import type { ImageSummary, ShownImage } from "../../wire/image.ts";
import type { Shim } from "./shim.ts";

/** Fields of a container's configuration that stood, always empty, in an image's. */
const CONTAINER_ONLY = {
  Hostname: "",
  Domainname: "",
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: "",
} as const;

/** Go's zero time. */
const NEVER = "0001-01-01T00:00:00Z";

const EMPTY_CONFIG = {
  ...CONTAINER_ONLY,
  User: "",
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: "",
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
} as const;

export const imageInspectShims: readonly Shim<ShownImage>[] = [
  { from: "1.52", adapt: withoutUnset },
  { below: "1.53", adapt: ({ Identity: _identity, ...image }) => image },
  { below: "1.50", adapt: (image) => ({ ...image, Config: { ...CONTAINER_ONLY, ...image.Config } }) },
  { below: "1.45", adapt: (image) => ({ ...image, Container: "", ContainerConfig: EMPTY_CONFIG }) },
  { below: "1.44", adapt: (image) => ({ ...image, VirtualSize: image.Size, Created: image.Created ?? NEVER }) },
];

/** What says nothing is left out. */
function withoutUnset({
  Parent = "",
  Comment = "",
  DockerVersion = "",
  Author = "",
  ...image
}: ShownImage): ShownImage {
  return { ...image, ...set({ Parent, Comment, DockerVersion, Author }), Config: set(image.Config) };
}

function set<T extends object>(values: T): Partial<T> {
  const kept: Partial<T> = { ...values };
  for (const key in kept) if (!kept[key]) delete kept[key];
  return kept;
}

export const imageListShims: readonly Shim<readonly ImageSummary[]>[] = [
  { below: "1.51", adapt: (list) => list.map((image) => ({ ...image, Containers: -1 })) },
  { below: "1.44", adapt: (list) => list.map((image) => ({ ...image, VirtualSize: image.Size })) },
  { below: "1.43", adapt: (list) => list.map(withNoneNames) },
];

/** Images without any name had these instead. */
function withNoneNames(image: ImageSummary): ImageSummary {
  if (image.RepoTags.length > 0 || image.RepoDigests.length > 0) return image;
  return { ...image, RepoTags: ["<none>:<none>"], RepoDigests: ["<none>@<none>"] };
}
