// Keeps text that a model or a file brought along from steering the terminal.

/** C0 and C1 controls and DEL, except tab and newline. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Replaces control characters by visible stand-ins: ESC becomes ␛, C1 controls become U+FFFD. */
export function visible(text: string): string {
  return text.replace(CONTROLS, (control) => {
    const codePoint = control.charCodeAt(0);
    if (codePoint === 0x7f) return '\u2421';
    return codePoint < 0x20 ? String.fromCharCode(0x2400 + codePoint) : '\ufffd';
  });
}
