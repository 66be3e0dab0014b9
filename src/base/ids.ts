/** Identifiers: 64 lower-case hex digits; people see the first twelve. */

export type ContainerId = string & { readonly __brand: "ContainerId" };

const ID_BYTES = 32;
const ALL_DIGITS = /^\d+$/;

/** A fresh id whose first 12 characters are not all digits, so that a short id is never taken for a number. */
export function createId(): ContainerId {
  for (;;) {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(ID_BYTES))).toString("hex");
    if (!ALL_DIGITS.test(id.slice(0, 12))) return id as ContainerId;
  }
}

/** The twelve characters that people see; an algorithm prefix ("sha256:") is dropped. */
export function shortId(id: string): string {
  const colon = id.indexOf(":");
  return id.slice(colon + 1, colon + 13);
}
