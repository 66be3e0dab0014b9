/** The images' part of the engine as the HTTP edge uses it: the store, and the one image that needs no registry. */
import { notFound } from "../base/errors.ts";
import { loadBusybox } from "../image/busybox.ts";
import type { ImageStore } from "../image/images.ts";
import { familiar, parseReference } from "../image/reference.ts";
import type { ProgressLine } from "../wire/image.ts";

const EMBEDDED = "busybox:latest";

/** `busyboxPath` is the host's static busybox, which the embedded image is made of. */
export function createImageService(images: ImageStore, busyboxPath: string) {
  return {
    ...images,
    async *ensure(ref: string): AsyncGenerator<ProgressLine> {
      const name = familiar(parseReference(ref));
      if (name !== EMBEDDED) {
        throw notFound(
          `pull access denied for ${name}, repository does not exist or may require 'docker login': pulling from registries is not supported yet, use load or import`,
        );
      }
      yield { status: "Making the embedded image", id: EMBEDDED };
      await loadBusybox(images, busyboxPath);
      yield { status: `Status: Made ${EMBEDDED} of the host's ${busyboxPath}` };
    },
  };
}
