/** Image names as far as the command line must look into them; the engine judges whether they are valid. */

/** Cuts "registry:5000/app:1.2" at the tag's colon; `tag` is "" when there is none. */
export function splitReference(reference: string): { readonly repository: string; readonly tag: string } {
  const colon = reference.lastIndexOf(":");
  if (colon < 0 || reference.includes("/", colon)) return { repository: reference, tag: "" };
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
