// Which of the names given to `llama export` is the source and which the output.

import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { shellWord, ToolkitError } from '@llama-ts/base';
import {
  ggufModelName,
  isGguf,
  isPytorchName,
  readSourceName,
  refuseSource,
  type SourceName,
  snapshotOfFolder,
} from '@llama-ts/exporter';
import { sampleModelName } from '@llama-ts/sample-model';
import { retyped } from '../failure/retyped.js';
import { nearFiles } from './near-files.js';

/** Names as typed. */
export interface ExportWords {
  readonly first: string | undefined;
  readonly second: string | undefined;
  readonly hf: string | undefined;
  readonly force: boolean;
  /** Whether the output is a folder. */
  readonly isFolder: boolean;
  readonly endpoint: string;
}

/** Names with their meaning resolved. */
export interface ExportNames {
  /** The source's name; undefined for the bundled sample model. */
  readonly source: string | undefined;
  /** The output's name; undefined if it is made from the source's. */
  readonly out: string | undefined;
}

/**
 * With `--hf`, or with two names, both are clear. A name alone is the source if it is a folder, a repository or a GGUF file, else the
 * output that the bundled sample model is to be written to.
 *
 * @throws ToolkitError `USAGE`; `SOURCE_NOT_FOUND` for a name that is most likely a mistyped source; `OUTPUT_EXISTS`
 */
export async function exportNames(words: ExportWords): Promise<ExportNames> {
  const { first, second, hf, endpoint } = words;
  if (hf !== undefined && second !== undefined) {
    throw new ToolkitError('USAGE', `${second}: is a name too many, expected one output beside --hf`, {
      suggestions: [`llama export ${shellWord(hf)} ${shellWord(first!)}`],
    });
  }
  if (hf !== undefined) return { source: named(hf), out: first };
  if (second !== undefined) return { source: named(first!), out: second };
  if (first === undefined || (first === sampleModelName && !(await isThere(first))))
    return { source: undefined, out: undefined };
  const found = await readSourceName(first, { endpoint });
  const isSource = found.kind === 'file' && (isPytorchName(first) || (await isGguf(first)));
  if (found.kind === 'folder' || isSource) return { source: first, out: undefined };
  if (found.kind === 'repository') {
    if (first === found.repo && (await isThere(dirname(first)))) throw ambiguous(first, words);
    return { source: first, out: undefined };
  }
  await checkLoneOutput(first, found, words);
  return { source: undefined, out: first };
}

/** `NAME` of the default output `NAME.bin`. */
export async function sourceName(source: string | undefined, endpoint: string): Promise<string> {
  if (source === undefined) return sampleModelName;
  const found = await readSourceName(source, { endpoint });
  if (found.kind === 'repository') return basename(found.repo);
  if (found.kind === 'file' && (await isGguf(source))) return ggufModelName(source);
  if (found.kind === 'file') return basename(source).replace(/\.(?:pth|pt)$/i, '');
  const snapshot = found.kind === 'folder' ? await snapshotOfFolder(source) : null;
  const folder = resolve(source);
  // Meta's files are in a folder `original` of the model's.
  return basename(snapshot?.repo ?? (basename(folder) === 'original' ? dirname(folder) : folder));
}

/** The sample model by its name is the sample model. */
function named(source: string): string | undefined {
  return source === sampleModelName ? undefined : source;
}

/** Refuses a name that is most likely a mistyped source rather than the sample model's output. */
async function checkLoneOutput(
  name: string,
  found: Exclude<SourceName, { kind: 'folder' | 'repository' }>,
  { force, isFolder }: ExportWords,
): Promise<void> {
  const isModelFile = /\.(?:bin|gguf)$/i.test(name);
  if (found.kind === 'file') {
    // The user may have meant it as the source; --force says it is the output.
    if (isModelFile && force) return;
    const { message, suggestions } = await refuseSource(name, found);
    if (!isModelFile) throw new ToolkitError('SOURCE_NOT_FOUND', message, { suggestions });
    throw new ToolkitError(
      'OUTPUT_EXISTS',
      `${name}: is there, and would be replaced by the bundled sample model, as no source is named`,
      {
        suggestions: [
          ...suggestions, // The name was typed, so the command has it.
          `to replace it: ${retyped(name, name, '--force')!}`,
        ],
      },
    );
  }
  if (found.kind === 'missing' && found.problem === null && (isModelFile || (isFolder && found.repo === null))) return;
  const { code, message, suggestions } = await refuseSource(name, found);
  const near = found.kind === 'missing' ? (await nearFiles(name)).map((path) => retyped(name, path) ?? path) : [];
  const sample =
    found.kind === 'missing' && found.problem === null
      ? [`the bundled sample model: llama export ${shellWord(`${name}.bin`)}`]
      : [];
  throw new ToolkitError(code, message, { suggestions: [...near, ...suggestions, ...sample] });
}

function ambiguous(name: string, { isFolder }: ExportWords): ToolkitError {
  const output = isFolder ? name : `${name}.bin`;
  return new ToolkitError('USAGE', `${name}: may be a repository of the hub or a path in the folder ${dirname(name)}`, {
    suggestions: [
      `the repository: ${retyped(name, '--hf', name) ?? `llama export --hf ${shellWord(name)}`}`,
      `the bundled sample model at that path: llama export ${shellWord(output)} --hf ${sampleModelName}${isFolder ? ' --to safetensors' : ''}`,
    ],
  });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
