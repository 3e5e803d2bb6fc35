// The answers that are coming in this tab, one at a time in each conversation.

import { type Answerer, AnswererError, type AnswererFacts } from '../answerer/answerer.js';
import { toAnswerRequest } from '../answerer/to-request.js';
import { newAnswer } from '../conversation/conversation.js';
import { createDraft } from '../conversation/draft.js';
import type { AnswerMessage, Message } from '../conversation/message.js';
import { pathTo } from '../conversation/tree.js';
import type { Library } from './library.js';
import type { OtherTabs } from './other-tabs.js';
import { spoken, wordsOf } from './words.js';

export interface Answering {
  /** Ids of the conversations in which an answer is coming. */
  readonly conversations: readonly string[];
  /**
   * Answers a message.
   *
   * @param replaced the answer whose place the new one takes; beside the former ones without it
   */
  answerAfter(id: string, parent: string | null, replaced?: AnswerMessage): Promise<void>;
  /** Ends the answer that is coming. Returns false where none is. */
  stop(id: string): boolean;
}

export interface AnsweringOptions {
  readonly library: Library;
  readonly tabs: OtherTabs;
  readonly answerer: () => Answerer;
  readonly model: () => AnswererFacts | null;
  /** Adds a message, and shows it. */
  readonly add: (id: string, message: Message) => void;
  /** Has a screen reader say something about a conversation. */
  readonly announce: (id: string, words: string) => void;
  /** Called when an answer has come, or failed with an error of the answerer. */
  readonly onEnd: (error: AnswererError | null) => void;
}

/** How often an answer that is coming is written, for a page that is closed meanwhile. */
const WRITE_MS = 1000;

export function createAnswering(options: AnsweringOptions): Answering {
  const { library, tabs, answerer, model, add, announce, onEnd } = options;
  const running = new Map<string, AbortController>();
  return {
    get conversations() {
      return [...running.keys()];
    },
    stop(id) {
      const found = running.get(id);
      found?.abort();
      return found !== undefined;
    },
    async answerAfter(id, parent, replaced) {
      if (running.has(id)) return;
      const { conversation, messages } = library.get(id)!;
      const fresh = newAnswer(messages, parent);
      const answer = replaced === undefined ? fresh : { ...fresh, id: replaced.id, order: replaced.order };
      const draft = createDraft(answer, model() ?? { contextLength: 0, sha256: '' });
      const controller = new AbortController();
      const { signal } = controller;
      const letGo = tabs.hold(answer.id);
      running.set(id, controller);
      add(id, answer);
      announce(id, 'Answering.');
      const showSoon = frameByFrame(() => {
        // The answer may have ended, or its conversation been removed, meanwhile.
        if (running.get(id) !== controller || library.get(id) === null) return;
        library.show(id, [draft.message('answering')]);
      });
      let end: AnswerMessage;
      let failure: unknown = null;
      try {
        const request = toAnswerRequest(pathTo(messages, parent), conversation.settings);
        let writtenAt = Date.now();
        for await (const event of answerer().answer(request, signal)) {
          signal.throwIfAborted();
          draft.add(event);
          showSoon();
          if (Date.now() - writtenAt < WRITE_MS) continue;
          writtenAt = Date.now();
          void library.change(id, {}, [draft.message('answering')]);
        }
        end = draft.message('done');
      } catch (error) {
        failure = error;
        end = signal.aborted ? draft.message('stopped') : draft.message('failed', wordsOf(error));
      }
      running.delete(id);
      void finish(id, end).then(letGo);
      if (failure === null) onEnd(null);
      else if (!signal.aborted && failure instanceof AnswererError) onEnd(failure);
    },
  };

  async function finish(id: string, message: AnswerMessage): Promise<void> {
    if (library.get(id) === null) return;
    const written = library.change(id, {}, [message]);
    announce(id, spoken(message));
    await written;
  }
}

/** Calls once for a frame, however often it is asked to. */
function frameByFrame(show: () => void): () => void {
  let isWaiting = false;
  const now = (): void => {
    isWaiting = false;
    show();
  };
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    if (document.hidden) setTimeout(now, WRITE_MS);
    else requestAnimationFrame(now);
  };
}
