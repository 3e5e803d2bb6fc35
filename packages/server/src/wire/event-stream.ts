// A response of server-sent events, made as fast as the client reads.

const encoder = new TextEncoder();

/** The line that ends a stream of OpenAI's chat and text completions. */
export const DONE = 'data: [DONE]\n\n';

/** One event that carries JSON. */
export function dataEvent(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** One event that carries JSON, and has the name of its type. */
export function typedEvent(value: { readonly type: string }): string {
  return `event: ${value.type}\n${dataEvent(value)}`;
}

/**
 * A response whose body is the texts of a source. The next one is asked for when the client has taken the last.
 *
 * @param onLeave called when the client leaves before the end; it has to end the source, which may be waiting
 */
export function eventStreamResponse(source: AsyncIterator<string>, onLeave: () => void): Response {
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: onLeave,
  });
  return new Response(body, {
    // Proxies that collect a response would hold every token back.
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
  });
}
