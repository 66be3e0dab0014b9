/** Cuts text to a width in terminal cells, ending it in an ellipsis (docker/cli's formatter.Ellipsis). */

/** East Asian wide and full-width characters take two cells. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
const FIRST_WIDE = "\u1100";

const cellsOf = (char: string): number => (char >= FIRST_WIDE && WIDE.test(char) ? 2 : 1);

export function ellipsis(text: string, cells: number): string {
  let width = 0;
  let kept = "";
  for (const char of text) {
    width += cellsOf(char);
    if (width <= cells - 1) kept += char;
    if (width > cells) return `${kept}…`;
  }
  return text;
}
