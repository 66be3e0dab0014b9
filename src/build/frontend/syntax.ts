/** Which frontend a Dockerfile asks for: its language is built in, and no other program is run for it. */
import { notImplemented } from "../../base/errors.ts";
import type { Directives } from "../../dockerfile/directives.ts";

const BUILT_IN = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@].*)?$/;

/**
 * A frontend of somebody else's would be a program of an image's author with a say in the engine.
 * `BUILDKIT_SYNTAX` wins over the file, whose directive may have flags after the image. Throws notImplemented.
 */
export function refuseForeignFrontend({ syntax }: Directives, buildArgs: ReadonlyMap<string, string>): void {
  const [image = ""] = (buildArgs.get("BUILDKIT_SYNTAX") ?? syntax ?? "").trim().split(/\s+/);
  if (image === "" || BUILT_IN.test(image)) return;
  throw notImplemented(`frontend ${image} is not supported: only docker/dockerfile is, which is built in`);
}
