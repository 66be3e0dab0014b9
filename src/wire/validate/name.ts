/** Container names (moby daemon/names.go). */
import { invalidParameter } from "../../base/errors.ts";

const NAME = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** One leading slash is allowed and dropped. */
export function checkName(name: string): string {
  if (!NAME.test(name)) {
    throw invalidParameter(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  return name.startsWith("/") ? name.slice(1) : name;
}
