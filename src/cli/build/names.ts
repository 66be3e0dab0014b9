/** Names of builds, sessions and uploads: twenty-five letters and digits, as BuildKit's clients make them. */

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";
const LENGTH = 25;

export const createName = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(LENGTH)), (byte) => LETTERS[byte % LETTERS.length]).join("");
