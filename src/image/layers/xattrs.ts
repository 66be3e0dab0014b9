/** Extended attributes of a layer's files: which are kept, and whether the kernel would understand their values (case 10 of the security table). */
import { TarError } from "../../base/tar/entry.ts";
import { isAllowedXattr } from "../../files/xattrs.ts";

const MAX_NAME_BYTES = 255;
/** What EROFS can write down; one less than the kernel's own bound. */
const MAX_VALUE_BYTES = 65_535;

export interface XattrOwner {
  /** Only files and directories have the user's own attributes and access control lists. */
  readonly plain: boolean;
}

/** Those of `xattrs` that are stored. Throws TarError for values that no file system would take. */
export function keptXattrs(
  xattrs: ReadonlyMap<string, Uint8Array>,
  { plain }: XattrOwner,
): ReadonlyMap<string, Uint8Array> {
  if (xattrs.size === 0) return xattrs;
  const kept = new Map<string, Uint8Array>();
  for (const [name, value] of xattrs) {
    if (!isAllowedXattr(name) || (!plain && name !== CAPABILITY)) continue;
    if (name.length > MAX_NAME_BYTES || value.length > MAX_VALUE_BYTES || !isSound(name, value)) {
      throw new TarError(`invalid extended attribute ${JSON.stringify(name.slice(0, MAX_NAME_BYTES))}`);
    }
    kept.set(name, value);
  }
  return kept;
}

const CAPABILITY = "security.capability";
const ACLS: readonly string[] = ["system.posix_acl_access", "system.posix_acl_default"];

function isSound(name: string, value: Uint8Array): boolean {
  if (name === CAPABILITY) return isCapability(value);
  return !ACLS.includes(name) || isAcl(value);
}

/** Length by revision, linux/capability.h; the revision is the highest byte of the first word. */
const CAPABILITY_BYTES: Readonly<Record<number, number>> = { 1: 12, 2: 20, 3: 24 };

function isCapability(value: Uint8Array): boolean {
  return CAPABILITY_BYTES[value[3] ?? 0] === value.length;
}

const ACL_VERSION = 2;
const ACL_HEADER_BYTES = 4;
const ACL_ENTRY_BYTES = 8;

function isAcl(value: Uint8Array): boolean {
  const entries = value.length - ACL_HEADER_BYTES;
  return entries >= 0 && entries % ACL_ENTRY_BYTES === 0 && value[0] === ACL_VERSION;
}
