// Turns tokens into text as they come, never splitting a character.

/** A decoder of one sequence of tokens. */
export interface StreamDecoder {
  /** Text that this token completes; the bytes of an unfinished character wait for the next one. */
  push(id: number): string;
  /** The rest at the end: an unfinished character as one U+FFFD, else nothing. The decoder can be used again. */
  flush(): string;
}

/** @param bytesOf bytes a token adds to the text; throws for an id that is no token */
export function createStreamDecoder(bytesOf: (id: number) => Uint8Array): StreamDecoder {
  // A byte order mark inside the text is text.
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (id) => utf8.decode(bytesOf(id), { stream: true }),
    flush: () => utf8.decode(),
  };
}
