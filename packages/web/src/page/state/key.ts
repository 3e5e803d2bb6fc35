// The key for the server, which this browser keeps for the server's address alone.

const NAME = 'llama-ts-key';

/** The key that the browser keeps; empty if there is none. */
export function keyOfBrowser(): string {
  try {
    return localStorage.getItem(NAME) ?? '';
  } catch {
    return '';
  }
}

/** A browser that keeps nothing forgets it with the page. */
export function keepKey(key: string): void {
  try {
    if (key === '') localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, key);
  } catch {
    // It holds until the page is closed.
  }
}
