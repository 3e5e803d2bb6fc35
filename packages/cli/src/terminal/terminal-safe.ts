// Keeps text that a model or a file brought along from steering the terminal.

/**
 * C0 and C1 controls and DEL, except tab and newline; and the controls that embed, override or isolate a direction of
 * writing, with which a line can be made to read otherwise than it is. @see https://trojansource.codes
 */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** Replaces control characters by visible stand-ins of one column: ESC becomes ␛, those above ASCII become U+FFFD. */
export function visible(text: string): string {
  return text.replace(CONTROLS, (control) => {
    const codePoint = control.charCodeAt(0);
    if (codePoint === 0x7f) return '\u2421';
    return codePoint < 0x20 ? String.fromCharCode(0x2400 + codePoint) : '\ufffd';
  });
}

/** The same JSON, with control characters that JSON allows in strings written as escapes. */
export function visibleJson(json: string): string {
  return json.replace(CONTROLS, (control) =>
    control < ' ' ? control : `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
