// A token as people read it: what cannot be seen gets a sign, and bytes that are a part of a character are named.

import type { TokenCandidate } from '../conversation/message.js';

const signs: Readonly<Record<string, string>> = { '\n': '↵', '\r': '␍', '\t': '⇥' };

/** The text of a token with signs for white space at its edges. */
export function shownToken({ text, bytes }: TokenCandidate): string {
  const whole = wholeText(text, bytes);
  if (whole === null) return bytes!.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  const marked = whole.replace(/[\n\r\t]/g, (character) => signs[character]!);
  return marked.trim() === ''
    ? marked.replaceAll(' ', '␣')
    : marked.replace(/^ +| +$/g, (spaces) => '␣'.repeat(spaces.length));
}

/** Whether a line ends with it. */
export function endsLine({ text }: TokenCandidate): boolean {
  return text.includes('\n');
}

/** null where the bytes are no whole characters. */
function wholeText(text: string, bytes: readonly number[] | null): string | null {
  if (bytes === null) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

export function probabilityOf({ logprob }: Pick<TokenCandidate, 'logprob'>): number {
  return Math.exp(logprob);
}

/** `83 %`, and small ones with more digits. */
export function percent(probability: number): string {
  const value = probability * 100;
  if (value >= 99.95) return value >= 99.9999 ? '100 %' : `${value.toFixed(2)} %`;
  if (value >= 10) return `${value.toFixed(0)} %`;
  if (value >= 0.1) return `${value.toFixed(1)} %`;
  return value === 0 ? '0 %' : `${value.toPrecision(1)} %`;
}
