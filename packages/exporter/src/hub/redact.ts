// Keeps secrets and control characters out of messages.

const MAX_SHOWN = 200;

/** A URL, or a text like one, without user, password and query, which may hold signatures and tokens. */
export function redactUrl(text: string): string {
  return clean(text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1***@').replace(/[?#].*$/s, ''));
}

/** Text of a server without the token, should it have been echoed, on one line and short. */
export function redactText(text: string, token: string | undefined): string {
  const withoutToken =
    token === undefined ? text : text.replaceAll(token, '***').replaceAll(encodeURIComponent(token), '***');
  return clean(withoutToken);
}

function clean(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
}
