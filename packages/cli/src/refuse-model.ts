// The error of a name that is no .bin file, for commands that need one: what it is instead, and how to come to a file.

import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { notACheckpoint, readSourceName, shellWord, snapshotOfFolder } from '@llama-ts/exporter';
import { ToolkitError } from '@llama-ts/format';
import { hubSettings } from './hub-settings.js';
import { nearFiles } from './near-files.js';
import { retyped } from './retyped.js';

/** Words after which a name is no model at all. */
export interface RefuseModelOptions {
  /** Suggestions of the command's own, after those for names that are nearly there. */
  readonly others?: readonly string[] | undefined;
}

/** The error; to be thrown for a path that is no regular file. */
export async function refuseModel(name: string, { others = [] }: RefuseModelOptions = {}): Promise<ToolkitError> {
  const { endpoint } = hubSettings();
  const found = await readSourceName(name, { endpoint });
  switch (found.kind) {
    case 'folder':
      return refuseFolder(name);
    case 'file':
      return new ToolkitError('FILE_UNREADABLE', `${name}: is not a regular file`, {
        suggestions: [`ls -l ${shellWord(name)}`],
      });
    case 'repository':
      return refuseRepository(name, found.repo, 'a repository of the hub');
    case 'ollama':
      return refuseRepository(name, found.repo, "ollama's name of a model");
    case 'missing': {
      const near = (await nearFiles(name)).map((path) => retyped(name, path) ?? shellWord(path));
      const nearly = found.repo === null ? [] : [`llama export ${found.repo}`];
      return new ToolkitError('FILE_NOT_FOUND', `${name}: no such model file`, {
        suggestions: near.length > 0 ? near : [...nearly, ...others],
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

async function refuseRepository(name: string, repo: string, what: string): Promise<ToolkitError> {
  const message = `${name}: is ${what}, expected a .bin file that is made from it`;
  return new ToolkitError('NOT_A_MODEL', message, { suggestions: await exportFirst(name, repo, basename(repo)) });
}

/** The command with the file that an export makes, and the export unless that file is there. */
async function exportFirst(typed: string, source: string, model: string): Promise<string[]> {
  const files = [`${model}-q8_0.bin`, `${model}.bin`];
  const there = await Promise.all(files.map(isFile));
  const made = files.filter((_, i) => there[i]);
  if (made.length > 0) return made.map((file) => retyped(typed, file) ?? file);
  const then = retyped(typed, `${model}.bin`);
  return [`llama export ${shellWord(source)}${then === null ? '' : ` && ${then}`}`];
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}
