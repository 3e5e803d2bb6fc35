// llama chat: a conversation, line by line.

import { createInterface } from 'node:readline';
import { ToolkitError } from '@llama-ts/format';
import { type ChatMessage, encodeChat, type GenerateOptions, type Model } from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { modelFlags, openNamedModel } from '../model-flags.js';
import { chooseSeed } from '../seed-flag.js';
import { speak, writeText } from '../speak.js';

const PROMPT = '> ';

type ChatFlags = Interfaces.InferredFlags<typeof Chat.flags>;

export default class Chat extends BaseCommand {
  static override description = 'Talk with a model; without MODEL, with the bundled sample model';
  static override examples = ['<%= config.bin %> chat', '<%= config.bin %> chat model.bin -y "Answer in rhymes."'];
  static override args = { model: Args.string({ description: '.bin file', ignoreStdin: true }) };
  static override flags = {
    ...modelFlags,
    system: Flags.string({ char: 'y', description: 'system prompt' }),
  };

  /** Set while an answer is on its way. */
  #answer: AbortController | null = null;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Chat);
    this.stopWithReader();
    if (args.model === undefined)
      this.logToStderr(`no MODEL: chatting with the bundled sample model, ${sampleModelName}`);
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
    const encode = createEncoder(model);
    const messages: ChatMessage[] = flags.system === undefined ? [] : [{ role: 'system', content: flags.system }];
    const seed = chooseSeed(flags.seed, Date.now());
    const cache = model.createCache();
    let cached: readonly number[] = [];
    for await (const line of this.#lines()) {
      messages.push({ role: 'user', content: line });
      const prompt = encode(messages);
      const options = { ...samplingOptions(flags), seed: seed + BigInt(messages.length), cache };
      const { text, ids } = await this.#speak(
        model,
        prompt,
        { ...options, cachedTokens: sharedLength(cached, prompt) },
        flags,
      );
      cached = [...prompt, ...ids];
      messages.push({ role: 'assistant', content: text });
    }
  }

  async #speak(model: Model, prompt: readonly number[], options: GenerateOptions, flags: ChatFlags) {
    const answer = new AbortController();
    this.#answer = answer;
    let text = '';
    try {
      const signal = AbortSignal.any([this.signal, answer.signal]);
      return await speak(model, prompt, { ...options, signal }, (piece) => {
        text += piece;
        writeText(piece, flags);
      });
    } catch (error) {
      if (!answer.signal.aborted || this.signal.aborted) throw error;
      return { text, ids: [] };
    } finally {
      this.#answer = null;
      process.stdout.write('\n');
    }
  }

  /** What the user types, or the lines piped in; empty ones are passed over. */
  async *#lines(): AsyncGenerator<string> {
    const isTerminal = process.stdin.isTTY === true;
    const lines = createInterface({
      input: process.stdin,
      ...(isTerminal ? { output: process.stderr, prompt: PROMPT } : {}),
      signal: this.signal,
    });
    lines.on('SIGINT', () => this.interrupt());
    this.signal.addEventListener('abort', () => lines.close());
    try {
      if (isTerminal) lines.prompt();
      for await (const line of lines) {
        if (line.trim() !== '') yield line;
        if (isTerminal) lines.prompt();
      }
      this.signal.throwIfAborted();
    } finally {
      lines.close();
    }
  }
}

/** @throws ToolkitError `NO_CHAT_TEMPLATE` for a model that cannot chat */
function createEncoder({ tokenizer, chatTemplate }: Model): (messages: readonly ChatMessage[]) => number[] {
  if (tokenizer === null || chatTemplate === null) {
    throw new ToolkitError('NO_CHAT_TEMPLATE', 'the model file holds no chat template, expected an instruct model', {
      suggestions: [
        'llama export model.bin --hf meta-llama/Llama-3.2-1B-Instruct',
        'continue a text instead: llama run MODEL',
      ],
    });
  }
  return (messages) => encodeChat(tokenizer, chatTemplate, messages);
}

function samplingOptions({ temperature, 'top-p': topP, 'reference-sampler': referenceSampler }: ChatFlags) {
  return { temperature, topP, referenceSampler };
}

/** Tokens at the start that both have: those in the cache need not be computed again. */
function sharedLength(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}
