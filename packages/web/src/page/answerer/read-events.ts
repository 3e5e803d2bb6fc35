// Reads a stream of server-sent events as OpenAI's API writes them: `data: JSON`, and `data: [DONE]` at the end.

/** The JSON of each event, up to `[DONE]`. Returns whether it came. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, boolean, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      text += decoder.decode(value, { stream: true });
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const data = event.replace(/^data: /, '');
        if (data === '[DONE]') return true;
        yield JSON.parse(data);
      }
    }
  } finally {
    // Not awaited: if the connection was cut, this rejects, and the read has already thrown that error.
    reader.cancel().catch(() => undefined);
  }
}
