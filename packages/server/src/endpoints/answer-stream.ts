// The response of an answer that is sent while it is made: chunks, then an error or the end, in the words of a protocol.

import { type Call, clientLeft, isClientLeft } from '../call.js';
import { DONE, dataEvent, eventStreamResponse } from '../wire/event-stream.js';
import { errorBody, type HttpError, toHttpError } from '../wire/http-error.js';

/** How a protocol writes its stream. */
export interface StreamWords<Chunk> {
  event(chunk: Chunk): string;
  /** The last event of an answer that failed. */
  failure(error: HttpError): string;
  /** What follows the last chunk; may be empty. */
  readonly end: string;
}

/** The events of OpenAI's chat and text completions. */
const completionWords: StreamWords<unknown> = {
  event: dataEvent,
  failure: (error) => dataEvent(errorBody(error)),
  end: DONE,
};

/** @param chunks objects to send; what they throw is sent as the last event */
export function answerStream(call: Call, chunks: AsyncGenerator<unknown, void, void>): Response {
  return answerStreamIn(completionWords, call, chunks);
}

/** Streams an answer in the events of another protocol. */
export function answerStreamIn<Chunk>(
  words: StreamWords<Chunk>,
  call: Call,
  chunks: AsyncGenerator<Chunk, void, void>,
): Response {
  call.goOn();
  return eventStreamResponse(texts(), () => {
    const reason = clientLeft();
    call.abort(reason);
    call.end(reason);
  });

  async function* texts(): AsyncGenerator<string, void, void> {
    let failure: unknown;
    try {
      for await (const chunk of chunks) yield words.event(chunk);
      if (words.end !== '') yield words.end;
    } catch (error) {
      failure = error;
      if (isClientLeft(error)) return;
      yield words.failure(toHttpError(error));
    } finally {
      call.end(failure);
    }
  }
}
