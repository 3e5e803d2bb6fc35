// What every command shares: interruption, JSON reports and the way failures are shown.

import { ToolkitError } from '@llama-ts/format';
import { Command } from '@oclif/core';
import { exitCodes } from './exit-codes.js';
import { reportFailure } from './report-failure.js';

/** Ctrl-C, a request to end, and a terminal that was closed: what is half written is removed. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A command that stops cleanly on Ctrl-C and fails in the toolkit's words. */
export abstract class BaseCommand extends Command {
  readonly #interruption = new AbortController();
  readonly #onInterrupt = (): void => this.interrupt();

  /** Aborted by Ctrl-C; its reason exits with 130. */
  protected get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  /** Once stops the work, which cleans up behind itself; a second time leaves at once. */
  protected interrupt(): void {
    if (this.signal.aborted) process.exit(exitCodes.interrupted);
    this.#interruption.abort(new ToolkitError('INTERRUPTED', 'interrupted'));
  }

  /** For commands whose output is all there is: a reader that leaves ends the work, quietly. */
  protected stopWithReader(): void {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') this.#interruption.abort(new ToolkitError('BROKEN_PIPE', 'nobody reads the output'));
    });
  }

  protected override async init(): Promise<void> {
    await super.init();
    for (const signal of endingSignals) process.on(signal, this.#onInterrupt);
  }

  protected override async catch(error: Error): Promise<void> {
    reportFailure(error, { json: this.jsonEnabled(), debug: Boolean(process.env.DEBUG) });
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    for (const signal of endingSignals) process.off(signal, this.#onInterrupt);
    await super.finally(error);
  }
}
