// The keys for servers: this browser keeps one for each address that the page talks to.

const NAME = 'llama-ts-key';

/** The key that the browser keeps for a server; empty if there is none. @param address empty for the page's own server */
export function keyOfBrowser(address = ''): string {
  try {
    return localStorage.getItem(nameOf(address)) ?? '';
  } catch {
    return '';
  }
}

/** A browser that keeps nothing forgets it with the page. */
export function keepKey(key: string, address = ''): void {
  try {
    if (key === '') localStorage.removeItem(nameOf(address));
    else localStorage.setItem(nameOf(address), key);
  } catch {
    // Then the key holds until the page is closed.
  }
}

function nameOf(address: string): string {
  return address === '' ? NAME : `${NAME} ${address}`;
}
