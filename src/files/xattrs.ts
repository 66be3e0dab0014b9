/** Which extended attributes travel in archives. */

/**
 * What the kernel reads as access rights of the file, and the user's own. Never trusted.* or user.overlay.*, with which
 * overlayfs is told to reach into other directories.
 */
export function isAllowedXattr(attribute: string): boolean {
  if (attribute.startsWith("user.")) return attribute !== "user." && !attribute.startsWith("user.overlay.");
  return (
    attribute === "security.capability" ||
    attribute === "system.posix_acl_access" ||
    attribute === "system.posix_acl_default"
  );
}

/** How overlayfs marks a directory of an upper layer that hides everything below it. */
export const OPAQUE_XATTR = "trusted.overlay.opaque";
