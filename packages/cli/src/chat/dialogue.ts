// A conversation at the command line: the chat, how it answers, and where it is recorded.

import { ToolkitError } from '@llama-ts/base';
import {
  type Chat,
  type ChatEvent,
  type ChatMessage,
  cacheTypeOf,
  createChat,
  type Model,
  type TurnOptions,
} from '@llama-ts/runtime';
import { cutOffNotice, type GivenConstraint } from '../flags/constraint-flags.js';
import { type AnswerReport, followAnswer } from './answer-report.js';
import type { ChatFlags } from './chat-flags.js';
import { loadConversation, saveSession } from './conversation-file.js';
import { droppedNotice, fullNotice, speedNotice } from './notices.js';
import { type Settings, turnOptions } from './settings.js';
import type { Transcript } from './transcript.js';

/** The parts of a dialogue. */
export interface DialogueParts {
  readonly model: Model;
  readonly chat: Chat;
  readonly flags: ChatFlags;
  readonly settings: Settings;
  /** The constraint of every answer; null without one. */
  readonly form: GivenConstraint | null;
  readonly transcript: Transcript | null;
  /** Begins to show an answer, and gives where its text goes. */
  readonly showAnswer: () => { push(text: string): void; end(): void };
  readonly notice: (text: string) => void;
  /** Ends the chat. */
  readonly signal: AbortSignal;
}

/** A conversation, and what can be done to it. */
export interface Dialogue {
  readonly model: Model;
  readonly chat: Chat;
  readonly flags: ChatFlags;
  readonly settings: Settings;
  /** The constraint of every answer; null without one. */
  form: GivenConstraint | null;
  readonly transcript: Transcript | null;
  /** Reports of the answers so far. */
  readonly reports: readonly AnswerReport[];
  /** Whether to say after each answer how fast it came. */
  hasStats: boolean;
  /** The file of the last /save or /load, or of --session. */
  sessionPath: string | null;
  /** Says something about the conversation. */
  readonly notice: (text: string) => void;
  send(text: string): Promise<void>;
  /** Another answer in place of the last. @throws ToolkitError `USAGE` */
  regenerate(): Promise<void>;
  /** Another message in place of the last, and its answer. @throws ToolkitError `USAGE` */
  edit(text: string): Promise<void>;
  /** Takes the last turn back. @throws ToolkitError `USAGE` */
  undo(): Promise<void>;
  /** The last message of the user. @throws ToolkitError `USAGE` */
  lastMessage(): string;
  setSystem(text: string | null): Promise<void>;
  reset(): Promise<void>;
  /** @returns bytes written */
  save(path: string): Promise<number>;
  load(path: string): Promise<void>;
  readonly isAnswering: boolean;
  /** Stops the current answer and keeps its text; false without an answer, or if it was stopped already. */
  stop(): boolean;
}

export function createDialogue(parts: DialogueParts): Dialogue {
  const { model, flags, settings, transcript, showAnswer, notice, signal } = parts;
  const reports: AnswerReport[] = [];
  let chat = parts.chat;
  let answer: AbortController | null = null;

  /** Answers after `messages` took the place of the conversation's; where no answer began, they go back. */
  async function answerAfter(
    messages: readonly ChatMessage[],
    start: (options: TurnOptions) => AsyncIterable<ChatEvent>,
  ): Promise<void> {
    const before = chat.messages;
    chat.setMessages(messages);
    const placed = chat.messages;
    try {
      const isBegun = await answerWith(start);
      if (!isBegun) notice('stopped before the answer began: nothing is changed');
    } finally {
      if (chat.messages === placed) chat.setMessages(before);
      await transcript?.record(chat.messages);
    }
  }

  async function answerWith(start: (options: TurnOptions) => AsyncIterable<ChatEvent>): Promise<boolean> {
    answer = new AbortController();
    const shown = showAnswer();
    try {
      const held = dialogue.form === null ? {} : { constraint: dialogue.form.constraint };
      const options = { ...turnOptions(settings, flags), ...held, signal: AbortSignal.any([signal, answer.signal]) };
      const show = (text: string): void => shown.push(text);
      const report = await followAnswer(start(options), {
        show,
        onDropped: (event) => notice(droppedNotice(event)),
        stop: answer.signal,
      });
      if (report === null) return false;
      reports.push(report);
      shown.end();
      if (report.endReason === 'context') notice(fullNotice(chat));
      if (report.meetsConstraint === false) notice(cutOffNotice(report.endReason));
      if (dialogue.hasStats) notice(speedNotice(report, model.backend));
      return true;
    } finally {
      answer = null;
      shown.end();
    }
  }

  async function change(messages: readonly ChatMessage[]): Promise<void> {
    chat.setMessages(messages);
    await transcript?.record(chat.messages);
  }

  function lastTurn(): number {
    const at = chat.messages.findLastIndex(({ role }) => role === 'user');
    if (at >= 0) return at;
    throw new ToolkitError('USAGE', 'there is no message yet', { suggestions: ['Hello'] });
  }

  const dialogue: Dialogue = {
    model,
    get chat() {
      return chat;
    },
    flags,
    settings,
    form: parts.form,
    transcript,
    reports,
    hasStats: flags.stats,
    sessionPath: flags.session ?? null,
    notice,
    async send(text) {
      // Written before the answer, so that a crash during it does not lose the question.
      await transcript?.record([...chat.messages, { role: 'user', content: text }]);
      await answerAfter(chat.messages, (options) => chat.send(text, options));
    },
    async regenerate() {
      await answerAfter(chat.messages.slice(0, lastTurn() + 1), (options) => chat.answer(options));
    },
    async edit(text) {
      await answerAfter(chat.messages.slice(0, lastTurn()), (options) => chat.send(text, options));
    },
    async undo() {
      await change(chat.messages.slice(0, lastTurn()));
    },
    lastMessage: () => String(chat.messages[lastTurn()]!.content),
    async setSystem(text) {
      const rest = chat.messages.filter(({ role }, i) => !(role === 'system' && i === 0));
      await change(text === null ? rest : [{ role: 'system', content: text }, ...rest]);
    },
    async reset() {
      chat.reset();
      await transcript?.record(chat.messages);
    },
    async save(path) {
      const byteLength = await saveSession(model, chat.session, path);
      dialogue.sessionPath = path;
      return byteLength;
    },
    async load(path) {
      const loaded = await loadConversation(model, path, { contextLength: chat.contextLength, signal });
      if (loaded.type === 'transcript') return change(loaded.messages);
      chat = createChat(model, { session: loaded.session, templateName: flags['template-name'] });
      const cacheType = cacheTypeOf(loaded.session.cache);
      const asked = flags['cache-type'] ?? cacheType;
      if (asked !== cacheType)
        notice(`keys and values stay ${cacheType}, as they were saved; --cache-type is ${asked}`);
      dialogue.sessionPath = path;
      await transcript?.record(chat.messages);
    },
    get isAnswering() {
      return answer !== null;
    },
    stop() {
      if (answer === null || answer.signal.aborted) return false;
      answer.abort(new ToolkitError('INTERRUPTED', 'answer stopped'));
      return true;
    },
  };
  return dialogue;
}
