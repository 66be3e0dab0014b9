/** Go's os.FileMode, in which the API spells kinds and permissions of files. */

export const FILE_MODE = {
  DIRECTORY: 2 ** 31,
  SYMLINK: 2 ** 27,
  DEVICE: 2 ** 26,
  NAMED_PIPE: 2 ** 25,
  SOCKET: 2 ** 24,
  SET_UID: 2 ** 23,
  SET_GID: 2 ** 22,
  CHAR_DEVICE: 2 ** 21,
  STICKY: 2 ** 20,
} as const;

/** Whether a mode has a bit; bits beyond the 30th are out of reach of JavaScript's operators. */
export function hasFileMode(mode: number, bit: number): boolean {
  return Math.floor(mode / bit) % 2 === 1;
}
