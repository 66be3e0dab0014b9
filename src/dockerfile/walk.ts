/**
 * Wildcards without going back: all places in a pattern that a text may have come to are kept at once, so that no pattern takes more
 * time than its length times that of the text. Pure.
 */

/** One place in a pattern. */
export interface Token {
  readonly takes: (character: string) => boolean;
  /** Any number of characters, also none. */
  readonly repeats?: boolean;
  /** Takes nothing, and goes on so many tokens farther: there are several ways. */
  readonly jumps?: readonly number[];
}

const NOTHING: Token["takes"] = () => false;

/** Either all of these, or none. */
export const optional = (tokens: readonly Token[]): Token[] => [
  { takes: NOTHING, jumps: [1, tokens.length + 1] },
  ...tokens,
];

/** Where the pattern ends in `characters` when it begins at `start`, from the nearest to the farthest. `spend` hears how much is looked at. */
export function* endsOf(
  tokens: readonly Token[],
  characters: readonly string[],
  start: number,
  spend: (places: number) => void = () => undefined,
): Generator<number, void, undefined> {
  let places = enter(tokens, new Set(), 0);
  for (let at = start; ; at++) {
    if (places.has(tokens.length)) yield at;
    const character = characters[at];
    if (character === undefined || places.size === 0) return;
    spend(places.size);
    const next = new Set<number>();
    for (const place of places) {
      const token = tokens[place];
      if (token?.takes(character) === true) enter(tokens, next, token.repeats === true ? place : place + 1);
    }
    places = next;
  }
}

export function matchesAll(tokens: readonly Token[], text: string): boolean {
  const characters = Array.from(text);
  for (const end of endsOf(tokens, characters, 0)) if (end === characters.length) return true;
  return false;
}

/** Adds a place, and all that are reached from it without taking anything. */
function enter(tokens: readonly Token[], places: Set<number>, first: number): Set<number> {
  const open = [first];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (places.has(place)) continue;
    places.add(place);
    const { repeats, jumps = [] } = tokens[place] ?? {};
    if (repeats === true) open.push(place + 1);
    for (const jump of jumps) open.push(place + jump);
  }
  return places;
}
