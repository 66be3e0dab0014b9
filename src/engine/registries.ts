/** Registries as the HTTP edge uses them: those of the image room, and the one image that needs no registry at all. */
import { loadBusybox } from "../image/busybox.ts";
import type { ImageStore } from "../image/images.ts";
import { familiar, parseReference, withDefaultTag } from "../image/reference.ts";
import { RegistryError } from "../image/registry/registry-error.ts";
import type { RegistryService } from "../image/registry/types.ts";

const EMBEDDED = "busybox:latest";

/** `busyboxPath` is the host's static busybox, which the embedded image is made of. */
export function createRegistryBackend(images: ImageStore, busyboxPath: string): RegistryService {
  const { registries } = images;
  return {
    ...registries,
    async *pull(options) {
      try {
        yield* registries.pull(options);
      } catch (error) {
        // Whoever answers with a refusal knows better than we do.
        if (options.tag.includes(":") || !isEmbedded(options) || !isUnreachable(error)) throw error;
        yield { status: "Docker Hub cannot be reached: making the embedded image", id: EMBEDDED };
        await loadBusybox(images, busyboxPath);
        yield { status: `Status: Made ${EMBEDDED} of the host's ${busyboxPath}` };
      }
    },
  };
}

function isEmbedded({ image, tag }: { image: string; tag: string }): boolean {
  return familiar(withDefaultTag(parseReference(tag === "" ? image : `${image}:${tag}`))) === EMBEDDED;
}

/** No answer came, whatever the reason. */
const isUnreachable = (error: unknown): boolean => error instanceof RegistryError && error.status === undefined;
