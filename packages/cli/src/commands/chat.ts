// llama chat: a conversation, line by line.

import { ToolkitError } from '@llama-ts/format';
import { type Chat as Conversation, createChat, type Model } from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { answerEvents } from '../chat/answer-events.js';
import { modelFlags, openNamedModel } from '../model-flags.js';
import { integer } from '../number-flags.js';
import { readLines } from '../read-lines.js';
import { chooseSeed } from '../seed-flag.js';
import { speak, writeText } from '../speak.js';

type ChatFlags = Interfaces.InferredFlags<typeof Chat.flags>;

export default class Chat extends BaseCommand {
  static override description = 'Talk with a model; without MODEL, with the bundled sample model';
  static override examples = ['<%= config.bin %> chat', '<%= config.bin %> chat model.bin -y "Answer in rhymes."'];
  static override args = { model: Args.string({ description: '.bin file', ignoreStdin: true }) };
  static override flags = {
    ...modelFlags,
    system: Flags.string({ char: 'y', description: 'system prompt' }),
    'max-tokens': Flags.custom<number>({
      description: 'tokens of an answer at most; default what the context has room for',
      parse: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    })(),
  };

  /** Set while an answer is on its way. */
  #answer: AbortController | null = null;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Chat);
    this.stopWithReader();
    if (args.model === undefined) this.logToStderr(`no MODEL: the bundled sample model, ${sampleModelName}`);
    const model = await openNamedModel(args.model, flags, this.signal);
    try {
      await this.#converse(model, flags);
    } finally {
      await model.close();
    }
  }

  /** The first stops the answer; a second one, or one while nothing is being said, leaves. */
  protected override interrupt(): void {
    if (this.#answer === null || this.#answer.signal.aborted) super.interrupt();
    else this.#answer.abort(new ToolkitError('INTERRUPTED', 'answer stopped'));
  }

  async #converse(model: Model, flags: ChatFlags): Promise<void> {
    const chat = createChat(model, {
      system: flags.system,
      temperature: flags.temperature,
      topP: flags['top-p'],
      seed: chooseSeed(flags.seed, Date.now()),
      referenceSampler: flags['reference-sampler'],
      maxTokens: flags['max-tokens'],
    });
    for (const assumption of model.assumptions) this.logToStderr(assumption);
    for await (const line of readLines({ onInterrupt: () => this.interrupt(), signal: this.signal })) {
      if (line.trim() !== '') await this.#speak(chat, line, flags);
    }
  }

  async #speak(chat: Conversation, line: string, flags: ChatFlags): Promise<void> {
    const answer = new AbortController();
    this.#answer = answer;
    try {
      const signal = AbortSignal.any([this.signal, answer.signal]);
      const events = answerEvents(chat.send(line, { signal }), (text) => this.logToStderr(text));
      await speak(events, (text) => writeText(text, flags));
    } catch (error) {
      if (!answer.signal.aborted || this.signal.aborted) throw error;
    } finally {
      this.#answer = null;
      process.stdout.write('\n');
    }
  }
}
