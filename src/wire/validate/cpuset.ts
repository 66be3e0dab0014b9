/** CPU and memory node lists such as "0-3,6" (cpuset(7), moby v28 pkg/parsers). */

const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/** The numbers in the list; undefined when it is none. The empty text is the empty list. */
export function parseCpuset(text: string): ReadonlySet<number> | undefined {
  const numbers = new Set<number>();
  if (text === "") return numbers;
  for (const part of text.split(",")) {
    const match = RANGE.exec(part.trim());
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    if (first > last) return undefined;
    for (let number = first; number <= last; number += 1) numbers.add(number);
  }
  return numbers;
}
