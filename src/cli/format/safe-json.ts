/** JSON that no terminal can be driven by: JSON itself leaves DEL and the C1 controls as they are. */

const CONTROLS = /[\u007f-\u009f]/g;

/** The same value, with those characters as escapes. */
export function safeJson(json: string): string {
  return json.replace(CONTROLS, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}
