/** Go's escapers: html, js and urlquery. */

const HTML: Readonly<Record<string, string>> = {
  "\0": "\ufffd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};
const HTML_CHARS = /[\0"'&<>]/g;
const JS_CHARS = /[\p{Cc}\\'"<>&=\u2028\u2029]/gu;

export function escapeHtml(text: string): string {
  return text.replace(HTML_CHARS, (char) => HTML[char] ?? char);
}

export function escapeJs(text: string): string {
  return text.replace(JS_CHARS, (char) => {
    if ("\\'\"".includes(char)) return `\\${char}`;
    return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

export function escapeQuery(text: string): string {
  const encoded = encodeURIComponent(text).replaceAll("%20", "+");
  return encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
