// What the user can do, and what it does: every action of the page is a function here.

import { AnswererError } from '../answerer/answerer.js';
import { toAnswerRequest } from '../answerer/to-request.js';
import { newAnswer, newToolMessage, newUserMessage, titleOf } from '../conversation/conversation.js';
import { createDraft, type Draft } from '../conversation/draft.js';
import type { AnswerMessage, Message, ToolMessage } from '../conversation/message.js';
import type { Settings } from '../conversation/settings.js';
import { chosenWith, pathTo, shownPath } from '../conversation/tree.js';
import { createMemoryStorage, openStorage } from '../storage/storage.js';
import type { TabModels } from '../tab/tab-models.js';
import { createConnection } from './connection.js';
import type { EngineChoice } from './engine-choice.js';
import { createEngines } from './engines.js';
import { createLibrary, type OpenConversation } from './library.js';
import type { PageState } from './page-state.js';
import { createStore, type Store } from './store.js';

export interface Controller {
  readonly state: Store<PageState>;
  newConversation(): void;
  show(id: string): Promise<void>;
  rename(title: string): void;
  remove(id: string): Promise<void>;
  send(text: string): void;
  /** Sends another text in the place of a message. */
  edit(messageId: string, text: string): void;
  /** Answers again what an answer follows. */
  regenerate(answerId: string): void;
  /** Ends the answer that is coming. */
  stop(): void;
  /** Goes to another branch. */
  choose(messageId: string): void;
  /** Sends the results of all calls of an answer, in their order. */
  sendResults(answerId: string, results: readonly string[]): void;
  changeSettings(settings: Settings): void;
  setKey(key: string): void;
  /** The models of this tab. */
  readonly tab: TabModels;
  /** Has another one answer. */
  useEngine(choice: EngineChoice): void;
  checkConnection(): void;
  /** All conversations as a file, or the one that is shown. */
  exported(what: 'all' | 'shown'): Promise<string>;
  importFile(text: string): Promise<void>;
  say(text: string, isProblem?: boolean): void;
}

/** How often an answer that is coming is written, for a page that is closed meanwhile. */
const WRITE_MS = 1000;

export async function createController(): Promise<Controller> {
  const engines = createEngines((what) => (what === 'tab' ? showTab() : useAnswerer()));
  let isKept = true;
  const storage = await openStorage().catch(() => {
    isKept = false;
    return createMemoryStorage();
  });
  const library = await createLibrary(storage, {
    onChange: () => refresh(),
    onFailure: (error) => say(`This browser could not keep a change: ${wordsOf(error)}`, true),
  });
  const running = new Map<string, AbortController>();
  let nNotices = 0;
  const first = (await library.open(idOfAddress())) ?? library.begin();
  const state = createStore<PageState>({
    status: 'connecting',
    model: null,
    engine: engines.choice,
    tab: engines.tab.state,
    hasKey: engines.key !== '',
    isKept,
    conversations: library.conversations,
    conversation: first.conversation,
    messages: first.messages,
    answering: new Set(),
    notice: null,
    announcement: '',
  });
  const connection = createConnection(
    () => engines.answerer,
    (status, model) => state.set({ ...state.value, status, model: model ?? state.value.model }),
  );
  void connection.check();
  engines.start();
  // Back and forward go from conversation to conversation.
  addEventListener('popstate', () => {
    const id = idOfAddress();
    if (id === '') showOpen(library.begin(state.value.conversation.settings));
    else void controller.show(id);
  });

  const controller: Controller = {
    state,
    newConversation() {
      history.pushState(null, '', location.pathname);
      showOpen(library.begin(state.value.conversation.settings));
    },
    async show(id) {
      const open = await library.open(id);
      if (open === null) return;
      setAddress(id);
      showOpen(open);
    },
    rename: (title) => library.change(shownId(), { title }),
    async remove(id) {
      running.get(id)?.abort();
      await library.remove(id);
      if (id === shownId()) controller.newConversation();
    },
    send(text) {
      const path = shownPath(state.value.messages, state.value.conversation.chosen);
      say('');
      sendAfter(path.at(-1)?.id ?? null, text);
    },
    edit: (messageId, text) => sendAfter(messageOf(messageId).parent, text),
    regenerate(answerId) {
      const former = messageOf(answerId) as AnswerMessage;
      // An answer that never came leaves its place to the next one.
      const isEmpty = former.content === '' && former.toolCalls.length === 0;
      void answerAfter(shownId(), former.parent, isEmpty ? former : undefined);
    },
    stop: () => running.get(shownId())?.abort(),
    choose(messageId) {
      const { messages, conversation } = state.value;
      library.change(conversation.id, { chosen: chosenWith(messages, conversation.chosen, messageId) });
    },
    sendResults(answerId, results) {
      const { id } = state.value.conversation;
      const { toolCalls } = messageOf(answerId) as AnswerMessage;
      let parent = answerId;
      for (const [i, call] of toolCalls.entries()) {
        const result: ToolMessage = newToolMessage(library.get(id)!.messages, parent, call, results[i]!);
        add(id, result);
        parent = result.id;
      }
      void answerAfter(id, parent);
    },
    changeSettings: (settings) => library.change(shownId(), { settings }),
    setKey: engines.setKey,
    tab: engines.tab,
    useEngine: engines.choose,
    checkConnection: () => void connection.check(),
    exported: (what) => library.write(what === 'all' ? undefined : shownId()),
    async importFile(text) {
      try {
        const ids = await library.read(text);
        if (ids[0] !== undefined) await controller.show(ids[0]);
        say(ids.length === 1 ? 'Imported a conversation.' : `Imported ${ids.length} conversations.`);
      } catch (error) {
        say(wordsOf(error), true);
      }
    },
    say,
  };
  return controller;

  function showTab(): void {
    state.set({ ...state.value, tab: engines.tab.state });
    // A model that has ended answers no more.
    if (engines.choice.kind === 'tab' && engines.tab.answerer === null && state.value.status === 'up') useAnswerer();
  }

  /** Asks the one that answers from now on for its model. */
  function useAnswerer(): void {
    state.set({
      ...state.value,
      ...{ status: 'connecting', model: null, engine: engines.choice, hasKey: engines.key !== '' },
    });
    void connection.check();
  }

  function shownId(): string {
    return state.value.conversation.id;
  }

  function messageOf(id: string): Message {
    return state.value.messages.get(id)!;
  }

  function showOpen({ conversation, messages }: OpenConversation): void {
    state.set({ ...state.value, conversation, messages });
  }

  /** Shows what the library holds now. */
  function refresh(): void {
    const open = library.get(shownId());
    state.set({
      ...state.value,
      conversations: library.conversations,
      answering: new Set(running.keys()),
      ...(open ?? {}),
    });
  }

  function say(text: string, isProblem = false): void {
    state.set({ ...state.value, notice: text === '' ? null : { id: ++nNotices, text, isProblem } });
  }

  function sendAfter(parent: string | null, text: string): void {
    const { id } = state.value.conversation;
    const message = newUserMessage(library.get(id)!.messages, parent, text);
    add(id, message);
    setAddress(id);
    void answerAfter(id, message.id);
  }

  /** Adds a message, and shows it. */
  function add(id: string, message: Message): void {
    const { conversation, messages } = library.get(id)!;
    const title = conversation.title === '' && message.role === 'user' ? titleOf(message.content) : conversation.title;
    const all = new Map(messages).set(message.id, message);
    const chosen = chosenWith(all, conversation.chosen, message.id);
    library.change(id, { title, chosen, updatedAt: Date.now() }, [message]);
  }

  /** @param replaced the answer whose place the new one takes; beside the former ones without it */
  async function answerAfter(id: string, parent: string | null, replaced?: AnswerMessage): Promise<void> {
    if (running.has(id)) return;
    const { conversation, messages } = library.get(id)!;
    const fresh = newAnswer(messages, parent);
    const answer = replaced === undefined ? fresh : { ...fresh, id: replaced.id, order: replaced.order };
    const draft = createDraft(answer, state.value.model ?? { contextLength: 0, sha256: '' });
    const controllerOfAnswer = new AbortController();
    const { signal } = controllerOfAnswer;
    running.set(id, controllerOfAnswer);
    add(id, answer);
    announce(id, 'Answering.');
    let writtenAt = Date.now();
    try {
      const request = toAnswerRequest(pathTo(messages, parent), conversation.settings);
      for await (const event of engines.answerer.answer(request, signal)) {
        signal.throwIfAborted();
        draft.add(event);
        showSoon(id, draft);
        if (Date.now() - writtenAt < WRITE_MS) continue;
        writtenAt = Date.now();
        library.change(id, {}, [draft.message('answering')]);
      }
      finish(id, draft.message('done'));
      connection.report('up');
    } catch (error) {
      finish(id, signal.aborted ? draft.message('stopped') : draft.message('failed', wordsOf(error)));
      if (!signal.aborted && error instanceof AnswererError) reportFailure(error);
    }
  }

  /** The message is made once for a frame, however many tokens come in it. */
  function showSoon(id: string, draft: Draft): void {
    if (waiting.has(id)) return;
    waiting.add(id);
    const show = (): void => {
      waiting.delete(id);
      if (running.has(id) && library.get(id) !== null) library.show(id, [draft.message('answering')]);
    };
    if (document.hidden) setTimeout(show, WRITE_MS);
    else requestAnimationFrame(show);
  }

  function finish(id: string, message: AnswerMessage): void {
    running.delete(id);
    // It may have been removed meanwhile.
    if (library.get(id) === null) return;
    library.change(id, {}, [message]);
    announce(id, spoken(message));
  }

  /** Has a screen reader say something about the conversation that is shown. */
  function announce(id: string, announcement: string): void {
    if (id === shownId()) state.set({ ...state.value, announcement });
  }

  function reportFailure({ kind }: AnswererError): void {
    if (kind === 'unreachable') connection.report('down');
    if (kind === 'key' || kind === 'absent') connection.report(kind);
  }
}

/** Conversations whose next frame shows more of an answer. */
const waiting = new Set<string>();

function idOfAddress(): string {
  return location.hash.replace(/^#/, '');
}

function setAddress(id: string): void {
  if (idOfAddress() !== id) history.pushState(null, '', `#${id}`);
}

function spoken({ state, content, toolCalls, error }: AnswerMessage): string {
  if (state === 'stopped') return 'The answer was stopped.';
  if (state === 'failed') return `No answer: ${error ?? ''}`;
  const calls = toolCalls.map(({ name }) => `The answer calls ${name}.`);
  return [content, ...calls].filter((part) => part !== '').join(' ');
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
