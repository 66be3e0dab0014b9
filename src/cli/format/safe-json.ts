/** JSON that no terminal can be driven by: JSON itself leaves DEL, the C1 controls and what reorders text as they are. */

const CONTROLS = /[\u007f-\u009f\p{Bidi_Control}]/gu;

/** The same value, with those characters as escapes. */
export function safeJson(json: string): string {
  return json.replace(CONTROLS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
