// What every command shares: interruption, JSON reports and the way failures are shown.

import { ToolkitError } from '@llama-ts/format';
import { Command } from '@oclif/core';
import { exitCodes } from './exit-codes.js';
import { reportFailure } from './report-failure.js';

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
    process.on('SIGINT', this.#onInterrupt);
    process.on('SIGTERM', this.#onInterrupt);
  }

  protected override async catch(error: Error): Promise<void> {
    reportFailure(error, { json: this.jsonEnabled(), debug: Boolean(process.env.DEBUG) });
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGTERM', this.#onInterrupt);
    await super.finally(error);
  }
}
