// What models are called: by name for users, by key in the browser's files and locks.

import { hexOf, sha256 } from '@llama-ts/base';
import { badAddress } from './failures.js';

const KEY_DIGITS = 32;

/** The absolute address of a file, without its fragment. @throws ToolkitError `INVALID_ARGUMENT` */
export function addressOf(url: string | URL, base: string): string {
  let address: URL;
  try {
    address = new URL(url, base);
  } catch (cause) {
    throw badAddress(String(url), cause);
  }
  if (!/^https?:$/.test(address.protocol) || address.username !== '' || address.password !== '') {
    throw badAddress(withoutPassword(address));
  }
  address.hash = '';
  return address.href;
}

/** The folder of a model. */
export function keyOf(name: string): string {
  return hexOf(sha256(new TextEncoder().encode(name))).slice(0, KEY_DIGITS);
}

/** The lock that whoever writes to a model holds; also the channel on which it tells of its progress. */
export function lockOf(key: string): string {
  return `llama-ts model ${key}`;
}

/** The last part of an address's path: a file's name. */
export function fileNameOf(url: string): string {
  const last = new URL(url).pathname.split('/').pop() ?? '';
  try {
    return decodeURIComponent(last) || 'model.bin';
  } catch {
    return last;
  }
}

function withoutPassword(address: URL): string {
  address.username = '';
  address.password = '';
  return address.href;
}
