// What the user can do, and what it does: every action of the page is a function here.

import { newToolMessage, newUserMessage, titleOf } from '../conversation/conversation.js';
import type { AnswerMessage, Message, ToolMessage } from '../conversation/message.js';
import type { Settings } from '../conversation/settings.js';
import { chosenWith, shownPath } from '../conversation/tree.js';
import { openStorage } from '../storage/indexed-storage.js';
import { createMemoryStorage } from '../storage/memory-storage.js';
import type { TabModels } from '../tab/tab-models.js';
import { idOfAddress, setAddress } from './address.js';
import { createAnswering } from './answering.js';
import { createOtherTabs, knowsOtherTabs } from './browser-tabs.js';
import { createConnection } from './connection.js';
import type { EngineChoice } from './engine-choice.js';
import { createEngines } from './engines.js';
import { createLibrary, type OpenConversation } from './library.js';
import type { PageState } from './page-state.js';
import { createStore, type Store } from './store.js';
import { wordsOf } from './words.js';

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

export async function createController(): Promise<Controller> {
  const engines = createEngines((what) => (what === 'tab' ? showTab() : useAnswerer()));
  let isKept = true;
  const storage = await openStorage().catch(() => {
    isKept = false;
    return createMemoryStorage();
  });
  /** Whether there is something to show changes in. */
  let isReady = false;
  const tabs = createOtherTabs((id) => isReady && answering.stop(id));
  const library = await createLibrary(storage, tabs, {
    onChange: () => isReady && refresh(),
    onRemoved: (id) => isReady && leave(id),
    onFailure: (error) => isReady && say(`This browser could not keep a change: ${wordsOf(error)}`, true),
  });
  const answering = createAnswering({
    ...{ library, tabs, add, announce },
    answerer: () => engines.answerer,
    model: () => state.value.model,
    onEnd(error) {
      if (error === null) connection.report('up');
      else if (error.kind === 'unreachable') connection.report('down');
      else if (error.kind === 'key' || error.kind === 'absent') connection.report(error.kind);
    },
  });
  let nNotices = 0;
  let nShown = 0;
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
    answering: new Set(library.comingElsewhere),
    notice: null,
    announcement: '',
  });
  isReady = true;
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

  // A page that comes back as it was has heard nothing of other tabs meanwhile.
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    void library.reload();
    void connection.check();
  });

  const controller: Controller = {
    state,
    newConversation() {
      nShown++;
      history.pushState(null, '', location.pathname);
      showOpen(library.begin(state.value.conversation.settings));
    },
    async show(id) {
      const nth = ++nShown;
      const open = await library.open(id);
      // Another one may have been chosen while this one was read.
      if (open === null || nth !== nShown) return;
      setAddress(id);
      showOpen(open);
    },
    rename: (title) => void library.change(shownId(), { title }),
    async remove(id) {
      answering.stop(id);
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
      // An answer that never came leaves its place to the next one, unless it may be coming in another tab.
      const isOver = former.state !== 'interrupted' || knowsOtherTabs();
      const isEmpty = isOver && former.content === '' && former.toolCalls.length === 0;
      void answering.answerAfter(shownId(), former.parent, isEmpty ? former : undefined);
    },
    stop() {
      if (!answering.stop(shownId())) tabs.stop(shownId());
    },
    choose(messageId) {
      const { messages, conversation } = state.value;
      void library.change(conversation.id, { chosen: chosenWith(messages, conversation.chosen, messageId) });
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
      void answering.answerAfter(id, parent);
    },
    changeSettings: (settings) => void library.change(shownId(), { settings }),
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

  /** Leaves a conversation that another tab has removed. */
  function leave(id: string): void {
    answering.stop(id);
    if (id !== shownId()) return;
    controller.newConversation();
    say('The conversation was deleted in another tab.');
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
      answering: new Set([...answering.conversations, ...library.comingElsewhere]),
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
    void answering.answerAfter(id, message.id);
  }

  /** Adds a message, and shows it. */
  function add(id: string, message: Message): void {
    const { conversation, messages } = library.get(id)!;
    const isNamed = conversation.title === '' && message.role === 'user';
    const title = isNamed ? { title: titleOf(message.content) } : {};
    const all = new Map(messages).set(message.id, message);
    const chosen = chosenWith(all, conversation.chosen, message.id);
    void library.change(id, { ...title, chosen, updatedAt: Date.now() }, [message]);
  }

  /** Has a screen reader say something about the conversation that is shown. */
  function announce(id: string, announcement: string): void {
    if (id === shownId()) state.set({ ...state.value, announcement });
  }
}
