// llama chat: a conversation, line by line.

import { join } from 'node:path';
import { byteSize, isToolkitError } from '@llama-ts/base';
import type { ChatMessage, Model } from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import type { AnswerReport } from '../chat/answer-report.js';
import { type ChatFlags, chatFlags } from '../chat/chat-flags.js';
import { completions } from '../chat/commands.js';
import { checkSessionFile } from '../chat/conversation-file.js';
import { converse } from '../chat/converse.js';
import { createDialogue, type Dialogue } from '../chat/dialogue.js';
import { openHistory } from '../chat/history.js';
import type { LineSource } from '../chat/line-source.js';
import { welcome } from '../chat/notices.js';
import { openConversation } from '../chat/open-conversation.js';
import { pipedLines } from '../chat/piped-lines.js';
import { plainLines } from '../chat/plain-lines.js';
import { stateFolder } from '../chat/state-folder.js';
import { openTranscript, type Transcript } from '../chat/transcript.js';
import { typedLines } from '../chat/typed-lines.js';
import { exitCodes } from '../failure/exit-codes.js';
import { showFailure } from '../failure/report-failure.js';
import { type GivenConstraint, readConstraint } from '../flags/constraint-flags.js';
import { groupFlags } from '../flags/flag-groups.js';
import { modelArgument } from '../flags/model-argument.js';
import { openNamedModel } from '../flags/model-flags.js';
import { givenPrompt } from '../input/prompt-to-continue.js';
import { readStdin } from '../input/read-stdin.js';
import { showAnswer } from '../output/show-answer.js';
import { isDrawable } from '../terminal/terminal.js';
import { visible } from '../terminal/terminal-safe.js';

/** Output of `--json`. */
interface ChatReport {
  readonly model: string;
  readonly backend: string;
  /** Decimal digits: a JSON number does not hold 64 bits. */
  readonly seed: string;
  readonly answers: readonly AnswerReport[];
  readonly messages: readonly ChatMessage[];
}

/** Model, flags and question of a chat. */
interface Talk {
  readonly name: string;
  readonly flags: ChatFlags;
  readonly form: GivenConstraint | null;
  /** The only one; null for a conversation. */
  readonly question: string | null;
}

export default class Chat extends BaseCommand {
  static override endsWithText = true;
  static override description = 'Talk with a model, or ask it one QUESTION; without MODEL, the bundled sample model';
  static override examples = [
    '<%= config.bin %> chat',
    '<%= config.bin %> chat model.bin "What sound does a cow make?"',
    'cat notes.txt | <%= config.bin %> chat model.bin "Summarize this."',
    '<%= config.bin %> chat model.bin -y "Answer in rhymes."',
    '<%= config.bin %> chat model.bin --session talk.session --when-full shift',
    'printf "Hi\\n/regenerate\\n" | <%= config.bin %> chat model.bin --json',
  ];
  static override enableJsonFlag = true;
  static override args = {
    model: modelArgument,
    question: Args.string({
      description: 'one message to answer, after what is piped in, if anything is; else --prompt, else a conversation',
      ignoreStdin: true,
    }),
  };
  static override flags = groupFlags(chatFlags);

  #dialogue: Dialogue | null = null;
  #isOneQuestion = false;

  override async run(): Promise<ChatReport> {
    const { args, flags } = await this.parse(Chat);
    this.stopWithReader();
    const question = await askedQuestion(
      givenPrompt('chat', { ...args, text: args.question, flag: flags.prompt }),
      this.signal,
    );
    const form = await readConstraint(flags);
    if (flags.session !== undefined) await checkSessionFile(flags.session);
    if (args.model === undefined) this.logToStderr(`no MODEL: the bundled sample model, ${sampleModelName}`);
    const model = await openNamedModel(args.model, flags, this.signal);
    try {
      return await this.#talk(model, { name: args.model ?? sampleModelName, flags, form, question });
    } finally {
      await model.close();
    }
  }

  /**
   * The first one stops the answer. A second one, or one without an answer under way, ends the chat; so does one during a
   * single question.
   */
  protected override interrupt(): void {
    if (this.#isOneQuestion || this.#dialogue?.stop() !== true) super.interrupt();
  }

  async #talk(model: Model, { name, flags, form, question }: Talk): Promise<ChatReport> {
    this.#isOneQuestion = question !== null;
    for (const assumption of model.assumptions) this.logToStderr(assumption);
    const chat = await openConversation(model, flags, {
      notice: (text) => this.logToStderr(text),
      signal: this.signal,
    });
    const transcript = await this.#openTranscript(name, flags, question);
    const dialogue = createDialogue({
      model,
      chat,
      flags,
      // 0 leaves the seed to the clock, once for the conversation.
      settings: { ...flags, seed: flags.seed || undefined },
      form,
      transcript,
      showAnswer: () => showAnswer({ isShown: !this.jsonEnabled(), raw: flags.raw }),
      notice: (text) => this.logToStderr(text),
      signal: this.signal,
    });
    this.#dialogue = dialogue;
    const lines = question === null ? await this.#openLines(flags) : null;
    try {
      await transcript?.record(chat.messages);
      if (lines?.isTerminal) dialogue.notice(welcome(name, chat));
      if (lines !== null) await converse(dialogue, { lines, showFailure, signal: this.signal });
      else {
        await dialogue.send(question!);
        if (dialogue.reports.at(-1)?.meetsConstraint === false) process.exitCode = exitCodes.limit;
      }
    } finally {
      lines?.close();
      await transcript?.close();
      if (flags.session !== undefined) await this.finishing(() => this.#saveSession(dialogue, flags.session!));
    }
    const { messages, session } = dialogue.chat;
    return { model: name, backend: model.backend, seed: String(session.seed), answers: dialogue.reports, messages };
  }

  /** Ctrl-C as a key of the terminal. */
  #interruptAnswer(): boolean {
    if (this.#dialogue?.isAnswering !== true) return false;
    this.interrupt();
    return true;
  }

  async #openLines(flags: ChatFlags): Promise<LineSource> {
    if (!process.stdin.isTTY) return pipedLines(this.signal);
    if (!isDrawable(process.stderr)) return plainLines(this.signal);
    const folder = stateFolder();
    const history = flags['no-history'] || folder === null ? null : await openHistory(join(folder, 'chat-history'));
    return typedLines({
      history,
      complete: completions,
      onInterrupt: () => this.#interruptAnswer(),
      signal: this.signal,
    });
  }

  /**
   * On by default at a terminal, so that a crash loses no conversation. A default transcript may fail to open, a requested
   * one may not.
   */
  async #openTranscript(model: string, flags: ChatFlags, question: string | null): Promise<Transcript | null> {
    if (flags['no-transcript']) return null;
    if (flags.transcript !== undefined) return openTranscript(flags.transcript, model);
    if (question !== null || !process.stdin.isTTY) return null;
    const folder = stateFolder();
    if (folder === null) return null;
    const time = new Date().toISOString().replace(/[:.]/g, '-');
    const path = join(folder, 'transcripts', `${time}-${process.pid}.jsonl`);
    return openTranscript(path, model).catch((error: unknown) => {
      if (!isToolkitError(error)) throw error;
      this.logToStderr(visible(`this conversation is not recorded: ${error.message}`));
      return null;
    });
  }

  async #saveSession(dialogue: Dialogue, path: string): Promise<void> {
    if (dialogue.chat.messages.length === 0) return;
    this.logToStderr(`saved to ${path}: ${byteSize(await dialogue.save(path))}`);
  }
}

/** The question with what is piped in before it; null for a conversation. */
async function askedQuestion(question: string | null, signal: AbortSignal): Promise<string | null> {
  if (question === null) return null;
  const piped = (await readStdin(signal)) ?? '';
  return piped.trim() === '' ? question : `${piped}\n\n${question}`;
}
