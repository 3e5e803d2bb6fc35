// The error of a name that is no model, for commands that need one: what it is instead, and how to come to a file.

import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { shellWord, ToolkitError } from '@llama-ts/base';
import {
  ggufModelName,
  isGguf,
  isPytorchName,
  notACheckpoint,
  readSourceName,
  type SourceName,
  snapshotOfFolder,
} from '@llama-ts/exporter';
import { hubSettings } from '../environment/hub-settings.js';
import { retyped } from '../failure/retyped.js';
import { defaultOutput } from '../output/export-target.js';
import { nearSuggestions } from './near-files.js';

/** Suggestions in the error of a name that is no model. */
export interface RefuseModelOptions {
  /** Suggestions of the command's own, after those for names that are nearly there. */
  readonly others?: readonly string[] | undefined;
  /** Whether the command takes repositories, which are then named rather than exported. Default false. */
  readonly takesRepositories?: boolean | undefined;
}

/** The error; to be thrown for a path that is no regular file. */
export async function refuseModel(
  name: string,
  { others = [], takesRepositories = false }: RefuseModelOptions = {},
): Promise<ToolkitError> {
  const { endpoint } = hubSettings();
  const found = await readSourceName(name, { endpoint });
  switch (found.kind) {
    case 'folder':
      return refuseFolder(name);
    case 'repository':
      if (takesRepositories && name !== found.repo) return addressOfPage(name, found);
      return takesRepositories
        ? notAFile(name, found.repo, others)
        : refuseRepository(name, found.repo, 'a repository of the hub');
    case 'ollama':
      return takesRepositories
        ? ofOllama(name, found.repo)
        : refuseRepository(name, found.repo, "ollama's name of a model");
    // The file came after the command had looked for it: refused as if it were not there.
    case 'file':
    case 'missing': {
      const repo = found.kind === 'file' ? null : found.repo;
      const nearly = repo === null ? [] : [(takesRepositories ? retyped(name, repo) : null) ?? `llama export ${repo}`];
      return new ToolkitError('FILE_NOT_FOUND', `${name}: no such model file`, {
        suggestions: await nearSuggestions(name, [...nearly, ...others]),
      });
    }
  }
}

async function refuseFolder(path: string): Promise<ToolkitError> {
  const message = `${path}: is a folder, expected a .bin file`;
  const snapshot = await snapshotOfFolder(path).catch(() => null);
  const hasConfig = snapshot !== null || (await isFile(join(path, 'config.json')));
  if (!hasConfig) {
    const { message: problem, suggestions } = await notACheckpoint(path);
    return new ToolkitError('NOT_A_MODEL', `${message}; ${problem}`, { suggestions });
  }
  return new ToolkitError('NOT_A_MODEL', message, {
    suggestions: await exportFirst(path, path, basename(snapshot?.repo ?? resolve(path))),
  });
}

/**
 * Refuses a file that a model can be made from where one that was made is meant.
 *
 * @throws ToolkitError `NOT_A_MODEL` for a GGUF file and for one of torch.save
 */
export async function refuseSourceFile(name: string): Promise<void> {
  const isFileOfGguf = await isGguf(name);
  if (!isFileOfGguf && !isPytorchName(name)) return;
  const what = isFileOfGguf ? 'a GGUF file, which holds no checksums' : 'a file of torch.save';
  const model = isFileOfGguf ? ggufModelName(name) : basename(name).replace(/\.[^.]*$/, '');
  throw new ToolkitError('NOT_A_MODEL', `${name}: is ${what}, expected a .bin file that is made from it`, {
    suggestions: await exportFirst(name, name, model),
  });
}

async function refuseRepository(name: string, repo: string, what: string): Promise<ToolkitError> {
  const message = `${name}: is ${what}, expected a .bin file that is made from it`;
  return new ToolkitError('NOT_A_MODEL', message, { suggestions: await exportFirst(name, repo, basename(repo)) });
}

/** ORG/NAME where a folder ORG is: most likely a mistyped path. As an address it is the repository. */
async function notAFile(name: string, repo: string, others: readonly string[]): Promise<ToolkitError> {
  const address = `hf.co/${repo}`;
  return new ToolkitError('FILE_NOT_FOUND', `${name}: no such model file in the folder ${dirname(name)}`, {
    suggestions: [...(await nearSuggestions(name, others)), `the repository of the hub: ${retyped(name, address)!}`],
  });
}

/** The address of a page in a repository: a name of the store stands for a whole one. */
function addressOfPage(
  name: string,
  { repo, revision, file }: Extract<SourceName, { kind: 'repository' }>,
): ToolkitError {
  const whole = revision === null || revision === 'main' ? repo : `${repo}@${revision}`;
  const isGgufFile = /\.gguf$/i.test(file ?? '');
  return new ToolkitError('NOT_A_MODEL', `${name}: is the address of a page in ${repo}, expected the repository`, {
    suggestions: [
      ...(isGgufFile ? [`make a model of that file: llama export ${shellWord(name)} --version 3`] : []),
      `the repository: ${retyped(name, whole) ?? `llama pull ${shellWord(whole)}`}`,
    ],
  });
}

function ofOllama(name: string, repo: string): ToolkitError {
  return new ToolkitError('NOT_A_MODEL', `${name}: is ollama's name of a model, expected the repository of the hub`, {
    suggestions: [retyped(name, repo) ?? `llama pull ${repo}`],
  });
}

/** The command with the file that an export makes, and the export unless that file is there. */
async function exportFirst(typed: string, source: string, model: string): Promise<string[]> {
  const output = defaultOutput(model, 'v1', undefined);
  const files = [defaultOutput(model, 'v2', undefined), output];
  const there = await Promise.all(files.map(isFile));
  const made = files.filter((_, i) => there[i]);
  if (made.length > 0) return made.map((file) => retyped(typed, file) ?? file);
  const then = retyped(typed, output);
  return [`llama export ${shellWord(source)}${then === null ? '' : ` && ${then}`}`];
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}
