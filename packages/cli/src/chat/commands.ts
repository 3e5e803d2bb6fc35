// The commands of chat: lines that begin with a slash.

import { readdirSync } from 'node:fs';
import { byteSize, nearest, ToolkitError } from '@llama-ts/base';
import { columnsOf } from '../terminal/terminal.js';
import type { Dialogue } from './dialogue.js';
import { changedForm, isFormName } from './form-setting.js';
import { contextNotice, speedNotice, tableLines } from './notices.js';
import { changeSetting, settingLines, shownNames } from './settings.js';

/** What happens after a command: chat asks for the next line, perhaps with a text to edit, or ends. */
export type CommandOutcome =
  | { readonly type: 'next' }
  | { readonly type: 'edit'; readonly text: string }
  | { readonly type: 'quit' };

interface ChatCommand {
  readonly name: string;
  /** The argument after the name, as the help shows it. */
  readonly usage: string;
  readonly summary: string;
  readonly run: (
    dialogue: Dialogue,
    argument: string,
  ) => Promise<CommandOutcome | undefined> | CommandOutcome | undefined;
}

/** The next line is asked for. */
export const NEXT: CommandOutcome = { type: 'next' };
/** Other names of commands, here and in ollama. */
const aliases: Readonly<Record<string, string>> = { exit: 'quit', bye: 'quit', clear: 'reset', '?': 'help' };

const commands: readonly ChatCommand[] = [
  { name: 'help', usage: '', summary: 'this list', run: help },
  { name: 'system', usage: '[TEXT|none]', summary: 'show, change or remove the system prompt', run: system },
  { name: 'set', usage: '[NAME [VALUE|default]]', summary: 'show or change how answers are generated', run: set },
  {
    name: 'regenerate',
    usage: '',
    summary: 'another answer in place of the last',
    run: (dialogue) => go(dialogue.regenerate()),
  },
  { name: 'edit', usage: '[TEXT]', summary: 'change the last message and have it answered', run: edit },
  { name: 'undo', usage: '', summary: 'take back the last message and its answer', run: undo },
  {
    name: 'reset',
    usage: '',
    summary: 'forget everything but the system prompt; so does /clear',
    run: (dialogue) => go(dialogue.reset()),
  },
  { name: 'save', usage: '[FILE]', summary: 'save the conversation and what is computed of it', run: save },
  { name: 'load', usage: 'FILE', summary: 'continue a saved conversation, or a transcript', run: load },
  { name: 'context', usage: '', summary: 'how much of the context is in use', run: context },
  { name: 'stats', usage: '[on|off]', summary: 'speed of the last answer, or of every answer', run: stats },
  { name: 'quit', usage: '', summary: 'leave; so do /bye, /exit and Ctrl-D', run: () => ({ type: 'quit' }) },
];

/** Whether a message is a command; two slashes begin a message with one. */
export function isCommand(message: string): boolean {
  return message.startsWith('/') && !message.startsWith('//');
}

/** The command that a message of one word most likely means, as `exit` does; null for any other message. */
export function meantCommand(message: string): string | null {
  const word = message.trim().toLowerCase();
  return ['help', 'exit', 'quit', 'bye', 'clear', '?'].includes(word) ? word : null;
}

/**
 * Does what a line says that is a command.
 *
 * @throws ToolkitError `USAGE`, and what the command throws
 */
export async function runCommand(dialogue: Dialogue, line: string): Promise<CommandOutcome> {
  const [, word = '', argument = ''] = /^\/(\S*)\s*(.*)$/s.exec(line)!;
  const command = commands.find(({ name }) => name === (aliases[word] ?? word));
  if (command === undefined) throw unknownCommand(word, line);
  return (await command.run(dialogue, argument.trim())) ?? NEXT;
}

/** Whole words that can complete the last word of a text: commands and names of settings. */
export function completions(before: string): readonly string[] {
  if (/^\/\S*$/.test(before))
    return [...commands.map(({ name }) => name), 'bye', 'clear', 'exit'].map((name) => `/${name}`);
  if (/^\/set\s+\S*$/.test(before)) return shownNames;
  if (/^\/stats\s+\S*$/.test(before)) return ['on', 'off'];
  const [, path] = /^\/(?:save|load)\s+(\S*)$/.exec(before) ?? [];
  return path === undefined ? [] : pathsFrom(path);
}

/** Names in the folder that a path is in. */
function pathsFrom(path: string): string[] {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  try {
    const entries = readdirSync(folder === '' ? '.' : folder, { withFileTypes: true });
    return entries.map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
  } catch {
    return [];
  }
}

async function go(work: Promise<void>): Promise<undefined> {
  await work;
}

function help({ notice, transcript }: Dialogue): undefined {
  const rows = commands.map(({ name, usage, summary }) => [`/${name} ${usage}`.trimEnd(), summary] as const);
  for (const line of tableLines(rows, columnsOf(process.stderr))) notice(line);
  notice(
    'Ctrl-C stops an answer and keeps it. \\ at the end of a line continues it on the next; """ opens and closes a block.',
  );
  notice('A message that begins with a slash: write two.');
  if (transcript !== null) notice(`transcript: ${transcript.path}`);
}

async function system(dialogue: Dialogue, text: string): Promise<undefined> {
  if (text !== '') return go(dialogue.setSystem(text === 'none' ? null : text));
  const [first] = dialogue.chat.messages;
  dialogue.notice(first?.role === 'system' ? String(first.content) : 'no system prompt');
}

async function set(dialogue: Dialogue, argument: string): Promise<undefined> {
  const [, name = '', value = ''] = /^(\S*)\s*(.*)$/s.exec(argument)!;
  if (value !== '' && isFormName(name)) {
    dialogue.form = await changedForm(dialogue.form, name, value, dialogue.settings);
    return;
  }
  if (value !== '') return changeSetting(dialogue, name, value) as Promise<undefined>;
  for (const line of settingLines(dialogue.settings, name, dialogue)) dialogue.notice(line);
}

async function edit(dialogue: Dialogue, text: string): Promise<CommandOutcome> {
  if (text === '') return { type: 'edit', text: dialogue.lastMessage() };
  await dialogue.edit(text);
  return NEXT;
}

async function undo(dialogue: Dialogue): Promise<undefined> {
  await dialogue.undo();
  dialogue.notice(`undone: ${contextNotice(dialogue.chat, dialogue.settings['when-full'] ?? 'stop')}`);
}

async function save(dialogue: Dialogue, argument: string): Promise<undefined> {
  const path = argument === '' ? dialogue.sessionPath : argument;
  if (path === null) throw new ToolkitError('USAGE', '/save: expected a file', { suggestions: ['/save talk.session'] });
  const byteLength = await dialogue.save(path);
  dialogue.notice(`saved to ${path}: ${dialogue.chat.messages.length} messages, ${byteSize(byteLength)}`);
}

async function load(dialogue: Dialogue, path: string): Promise<undefined> {
  if (path === '') throw new ToolkitError('USAGE', '/load: expected a file', { suggestions: ['/load talk.session'] });
  await dialogue.load(path);
  dialogue.notice(`loaded ${path}: ${contextNotice(dialogue.chat, dialogue.settings['when-full'] ?? 'stop')}`);
}

function context({ chat, settings, notice }: Dialogue): undefined {
  notice(contextNotice(chat, settings['when-full'] ?? 'stop'));
}

function stats(dialogue: Dialogue, argument: string): undefined {
  if (argument === 'on' || argument === 'off') {
    dialogue.hasStats = argument === 'on';
    return;
  }
  if (argument !== '') {
    throw new ToolkitError('USAGE', `/stats ${JSON.stringify(argument)}: expected on or off`, {
      suggestions: ['/stats on'],
    });
  }
  const last = dialogue.reports.at(-1);
  dialogue.notice(last === undefined ? 'no answer yet' : speedNotice(last, dialogue.model.backend));
}

function unknownCommand(word: string, line: string): ToolkitError {
  const names = [...commands.map(({ name }) => name), ...Object.keys(aliases)];
  const meant = nearest(word, names);
  return new ToolkitError('USAGE', `/${word}: no such command`, {
    suggestions: [`/${meant ?? 'help'}`, `/${line.split('\n')[0]}`],
  });
}
