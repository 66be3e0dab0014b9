/** What a registry refused, as Docker tells it to whoever wanted to pull (moby distribution/errors.go 28.5). */
import { notFound } from "../../base/errors.ts";
import { familiar, familiarRepository, type Reference } from "../reference.ts";
import { RegistryError } from "./registry-error.ts";

export function translatePullError(error: unknown, reference: Reference): unknown {
  if (!(error instanceof RegistryError)) return error;
  const { code, message, status } = error;
  const isUnknown = code === "MANIFEST_UNKNOWN" || (code === "" && status === 404);
  if (isUnknown) {
    const why = code === "" ? "manifest unknown: manifest unknown" : message;
    return notFound(`manifest for ${familiar(reference)} not found: ${why}`, { cause: error });
  }
  const name = familiarRepository(reference);
  if (code === "NAME_UNKNOWN") return notFound(`repository ${name} not found: ${message}`, { cause: error });
  if (code === "DENIED") {
    return notFound(
      `pull access denied for ${name}, repository does not exist or may require 'docker login': ${message}`,
      { cause: error },
    );
  }
  return error;
}
