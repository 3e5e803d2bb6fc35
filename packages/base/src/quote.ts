// Makes text from a file safe to show: a name may hold escape sequences that would drive the reader's terminal.

/** Names longer than this are cut in messages: the rest of the message must stay readable. */
const MAX_QUOTED_CHARS = 120;

// C0 and C1 controls, DEL, line separators, the byte order mark, and the marks that reverse the direction of text.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Replaces every control and direction mark by its `\uXXXX` escape. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A name as a JSON string, safe on a terminal and cut at 120 characters. */
export function quote(text: string): string {
  const cut = text.length > MAX_QUOTED_CHARS ? `${text.slice(0, MAX_QUOTED_CHARS)}…` : text;
  return escapeControls(JSON.stringify(cut));
}
