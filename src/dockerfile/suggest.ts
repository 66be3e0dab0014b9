/** "did you mean …": the known word that is nearest to an unknown one. Pure. */

const FARTHEST = 3;

/** ` (did you mean x?)`, or nothing when no word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const best = nearest(word, known);
  return best === undefined ? "" : ` (did you mean ${best}?)`;
}

/** Case does not count. Undefined for a word that is known or far from all others. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  let found: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    if (candidate.toLowerCase() === wanted) return undefined;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < (found?.distance ?? FARTHEST)) {
      found = { word: candidate, distance };
    }
  }
  return found?.word;
}

/** Levenshtein's. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
