// The loop of chat: line after line is a message or a command, until they end.

import { isToolkitError, ToolkitError } from '@llama-ts/base';
import { type CommandOutcome, isCommand, meantCommand, NEXT, runCommand } from './commands.js';
import type { Dialogue } from './dialogue.js';
import type { LineSource } from './line-source.js';
import { createMessageReader } from './message-reader.js';
import { slashNotice } from './notices.js';

/** How to converse. */
export interface ConverseOptions {
  readonly lines: LineSource;
  /** Shows a mistake that the user at a terminal can correct. */
  readonly showFailure: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const PROMPT = '> ';
const MORE_PROMPT = '... ';
const EDIT_PROMPT = 'edit> ';

/**
 * Talks until /quit, the end of the lines, or the second Ctrl-C at a prompt. A mistake is shown at a terminal; in a
 * pipe it ends the conversation.
 *
 * @throws ToolkitError the first mistake of piped lines, the signal's reason
 */
export async function converse(dialogue: Dialogue, { lines, showFailure, signal }: ConverseOptions): Promise<void> {
  const reader = createMessageReader();
  let isEditing = false;
  let isLeaving = false;
  let prefill: string | undefined;
  /** Words that were said to be messages. */
  const hinted = new Set<string>();

  for (;;) {
    const prompt = reader.isOpen ? MORE_PROMPT : isEditing ? EDIT_PROMPT : PROMPT;
    const line = await lines.next({ prompt, prefill });
    signal.throwIfAborted();
    prefill = undefined;
    if (line.type === 'interrupt') {
      if (isLeaving) return;
      isLeaving = true;
      isEditing = false;
      reader.reset();
      dialogue.notice('Ctrl-C again, or /quit, to leave');
      continue;
    }
    isLeaving = false;
    const message = line.type === 'line' ? reader.push(line.text) : reader.end();
    if (message !== null) {
      try {
        const outcome = await take(message);
        if (outcome.type === 'quit') return;
        if (outcome.type === 'edit') prefill = beginEdit(outcome.text);
      } catch (error) {
        if (!lines.isTerminal || signal.aborted || !isToolkitError(error)) throw error;
        showFailure(error);
      }
    }
    if (line.type === 'end') return;
  }

  async function take(message: string): Promise<CommandOutcome> {
    const wasEditing = isEditing;
    isEditing = false;
    if (message.trim() === '') return NEXT;
    if (wasEditing) await dialogue.edit(message);
    else if (isCommand(message)) return runCommand(dialogue, message);
    else if (isForgottenSlash(message)) dialogue.notice(slashNotice(message.trim(), meantCommand(message)!));
    else await dialogue.send(message.replace(/^\/\//, '/'));
    return NEXT;
  }

  /** Once for each word, and only where a person types: a pipe's messages are all meant. */
  function isForgottenSlash(message: string): boolean {
    const command = meantCommand(message);
    if (!lines.isTerminal || command === null || hinted.has(command)) return false;
    hinted.add(command);
    return true;
  }

  /** A pipe has nothing to edit a text in. */
  function beginEdit(text: string): string {
    if (!lines.canEdit) {
      throw new ToolkitError('USAGE', '/edit: expected the new text, as the message cannot be edited in place', {
        suggestions: [`/edit ${text.split('\n')[0]}`],
      });
    }
    isEditing = true;
    return text;
  }
}
