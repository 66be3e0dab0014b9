/** What a step says whose program is of another machine: the runtime's words become those of the kernel's error, as BuildKit has them. */

const FOREIGN = /^\{"msg":"exec container process `(.*)`: Exec format error"/;

/** "exec /bin/sh: exec format error", for a runtime's last line that means it. */
export function foreignProgram(line: Uint8Array): string | undefined {
  const [, program] = FOREIGN.exec(Buffer.from(line).toString()) ?? [];
  return program === undefined ? undefined : `exec ${program}: exec format error\n`;
}

/** As runc ends. */
export const FOREIGN_EXIT_CODE = 255;
