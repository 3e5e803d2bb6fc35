// The base of every command: usage, interruption, JSON reports and the way failures are shown.

import { setTimeout as delay } from 'node:timers/promises';
import { isToolkitError, ToolkitError } from '@llama-ts/base';
import { Command, Flags, type Interfaces } from '@oclif/core';
import { exitCodeOf } from './failure/exit-codes.js';
import { leave } from './failure/leave.js';
import { reportFailure } from './failure/report-failure.js';
import { rememberTyped } from './failure/typed-command.js';
import { lostOutput } from './terminal/output-guard.js';
import { wrapNotice } from './terminal/print-notice.js';
import { columnsOf } from './terminal/terminal.js';
import { visible, visibleJson } from './terminal/terminal-safe.js';
import { wrapWords } from './terminal/wrap-words.js';
import { checkUsage } from './usage/check-usage.js';
import { commandShapes } from './usage/command-shapes.js';
import { type FlagShape, scanArguments } from './usage/scan-arguments.js';

/** Signals that ask a program to end, and the error each becomes. */
const endingSignals = {
  SIGINT: { code: 'INTERRUPTED', message: 'interrupted' },
  SIGTERM: { code: 'TERMINATED', message: 'ended by a request of the system' },
  SIGHUP: { code: 'HUNG_UP', message: 'ended, as its terminal was closed' },
} as const;
type EndingSignal = keyof typeof endingSignals;
const signalNames = Object.keys(endingSignals) as EndingSignal[];

/** The flag that oclif adds to commands that report. */
const jsonFlag: FlagShape = { type: 'boolean' };
/** How long work that cannot be stopped, such as a read from a device, may delay the end after a signal. */
const GRACE_MS = 800;
/** How long a failure waits for a signal that was sent before it. */
const SIGNAL_MS = 10;

/** A command that stops cleanly on Ctrl-C and fails in the toolkit's words. */
export abstract class BaseCommand extends Command {
  /** Whether the last argument is a text, whose words may have been left without quotes. */
  static endsWithText = false;

  static override baseFlags = {
    json: Flags.boolean({ description: 'print the result as one JSON document', helpGroup: 'GLOBAL' }),
  };

  #texts: readonly string[] = [];
  readonly #interruption = new AbortController();
  readonly #onSignal = (name: EndingSignal): void => (name === 'SIGINT' ? this.interrupt() : this.#end(name));
  #stopsWithReader = false;
  #nFinishing = 0;
  #grace: NodeJS.Timeout | undefined;

  /** Aborted by Ctrl-C and by requests to end; its reason decides the exit code. */
  protected get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  /** Ctrl-C. Once stops the work, which cleans up after itself; a second time leaves at once. */
  protected interrupt(): void {
    this.#end('SIGINT');
  }

  #end(name: EndingSignal): void {
    const { code, message } = endingSignals[name];
    if (this.signal.aborted) leave(exitCodeOf(code), name);
    const reason = new ToolkitError(code, message);
    this.#interruption.abort(reason);
    this.#leaveSoon(reason, name);
  }

  /** A signal ends the command at once, even while its work waits. */
  #leaveSoon(reason: ToolkitError, name: EndingSignal): void {
    this.#grace = setTimeout(() => {
      if (this.#nFinishing > 0) return this.#leaveSoon(reason, name);
      reportFailure(reason, { json: this.jsonEnabled(), debug: Boolean(process.env.DEBUG) });
      leave(exitCodeOf(reason.code), name);
    }, GRACE_MS);
    this.#grace.unref();
  }

  /** Does work that a first signal waits for, however long it takes: what the user would lose otherwise. */
  protected async finishing<T>(work: () => Promise<T>): Promise<T> {
    this.#nFinishing++;
    try {
      return await work();
    } finally {
      this.#nFinishing--;
    }
  }

  /** For commands whose only result is their output: a reader that leaves ends the work without an error; a full disk ends it with one. */
  protected stopWithReader(): void {
    this.#stopsWithReader = true;
  }

  readonly #onOutputError = (error: NodeJS.ErrnoException): void => {
    if (!this.#stopsWithReader) return;
    if (error.code === 'EPIPE')
      this.#interruption.abort(new ToolkitError('BROKEN_PIPE', 'the reader of the output has left'));
    else this.#interruption.abort(lostOutput());
  };

  protected override async init(): Promise<void> {
    await super.init();
    process.stdout.on('error', this.#onOutputError);
    for (const name of signalNames) process.on(name, this.#onSignal);
  }

  /**
   * Checks the words against the command before oclif parses them, so that no message depends on oclif's wording.
   *
   * @throws ToolkitError `USAGE`, and what the flags' own parsers throw
   */
  protected override async parse<
    F extends Interfaces.OutputFlags<F>,
    B extends Interfaces.OutputFlags<B>,
    A extends Interfaces.OutputArgs<A>,
  >(options?: Interfaces.Input<F, B, A>, argv: string[] = this.argv): Promise<Interfaces.ParserOutput<F, B, A>> {
    const { args = {}, flags = {} } = options ?? {};
    const shapes = { ...(flags as Record<string, FlagShape>), ...(options?.enableJsonFlag ? { json: jsonFlag } : {}) };
    const id = String(this.id);
    const { endsWithText, strict } = this.ctor as typeof BaseCommand;
    checkUsage({ id, flags: shapes, args, endsWithText, takesMore: !strict }, argv, commandShapes(this.config));
    this.#texts = scanArguments(argv, shapes).flatMap((item) => (item.type === 'argument' ? [item.text] : []));
    rememberTyped({ id, argv, shapes });
    const refusal: { error?: ToolkitError; message?: string } = {};
    const guarded = Object.fromEntries(
      Object.entries(flags as Record<string, GuardedFlag>).map(([name, flag]) => [name, guard(flag, refusal)]),
    );
    try {
      return await super.parse({ ...options, flags: guarded } as Interfaces.Input<F, B, A>, argv);
    } catch (error) {
      if (refusal.error === undefined || refusal.error !== error) throw error;
      throw new ToolkitError(refusal.error.code, refusal.message!, refusal.error);
    }
  }

  /** The arguments that are no flags, in the order they were typed. oclif sorts them, which mixes up equal words. */
  protected get texts(): readonly string[] {
    return this.#texts;
  }

  /** Columns that the report is wrapped at: the terminal's, infinitely many in a pipe or a file. */
  protected get columns(): number {
    return columnsOf(process.stdout);
  }

  /** Names of files and models come from outside, so their control characters are made visible. */
  override log(message = ''): void {
    super.log(wrapWords(visible(message), this.columns));
  }

  /** A line that is to be pasted somewhere, which no line end may break. */
  protected logWhole(line: string): void {
    super.log(visible(line));
  }

  /** A notice; lines after the first begin with two spaces and say what to type. */
  override logToStderr(message = ''): void {
    super.logToStderr(wrapNotice(visible(message), columnsOf(process.stderr)));
  }

  override warn<T extends string | Error>(input: T): T {
    this.logToStderr(`llama: warning: ${typeof input === 'string' ? input : input.message}`);
    return input;
  }

  override logJson(json: unknown): void {
    process.stdout.write(`${visibleJson(JSON.stringify(json, null, 2))}\n`);
  }

  protected override async catch(error: Error): Promise<void> {
    const failure = this.signal.aborted ? error : ((await this.#pendingSignal()) ?? error);
    reportFailure(failure, { json: this.jsonEnabled(), debug: Boolean(process.env.DEBUG) });
  }

  /**
   * The reason of a signal that came while work did not yield, such as a schema that was compiled until it failed. Signals
   * are delivered where the event loop polls, and by a thread that may have to wait for a core.
   */
  async #pendingSignal(): Promise<Error | undefined> {
    await delay(SIGNAL_MS);
    return this.signal.aborted ? (this.signal.reason as Error) : undefined;
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    clearTimeout(this.#grace);
    process.stdout.off('error', this.#onOutputError);
    for (const name of signalNames) process.off(name, this.#onSignal);
    await super.finally(error);
  }
}

interface GuardedFlag {
  readonly parse?: (text: string, context: unknown, flag: unknown) => Promise<unknown>;
}

/** Keeps what a flag's parser throws as it was thrown: oclif writes into its message. */
function guard(flag: GuardedFlag, refusal: { error?: ToolkitError; message?: string }): GuardedFlag {
  const { parse } = flag;
  if (parse === undefined) return flag;
  return {
    ...flag,
    async parse(text, context, options) {
      try {
        return await parse(text, context, options);
      } catch (error) {
        if (isToolkitError(error)) {
          refusal.error ??= error;
          refusal.message ??= error.message;
        }
        throw error;
      }
    },
  };
}
