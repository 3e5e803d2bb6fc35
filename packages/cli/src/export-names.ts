// Which of the names given to `llama export` is the source and which the output.

import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { readSourceName, refuseSource, type SourceName, shellWord, snapshotOfFolder } from '@llama-ts/exporter';
import { ToolkitError } from '@llama-ts/format';
import { sampleModelName } from '@llama-ts/sample-model';
import { nearFiles } from './near-files.js';
import { retyped } from './retyped.js';

/** Names as they are typed. */
export interface ExportWords {
  readonly first: string | undefined;
  readonly second: string | undefined;
  readonly hf: string | undefined;
  readonly force: boolean;
  /** Whether the output is a folder. */
  readonly isFolder: boolean;
  readonly endpoint: string;
}

/** Names as they are meant. */
export interface ExportNames {
  /** undefined for the bundled sample model. */
  readonly source: string | undefined;
  /** undefined for a name made from the source's. */
  readonly out: string | undefined;
}

/**
 * With `--hf`, or with two names, all is said. A name alone is the source if it is a folder or a repository, else the
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
  if (found.kind === 'folder') return { source: first, out: undefined };
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
  const snapshot = found.kind === 'folder' ? await snapshotOfFolder(source) : null;
  return basename(snapshot?.repo ?? resolve(source));
}

/** The sample model by its name is the sample model. */
function named(source: string): string | undefined {
  return source === sampleModelName ? undefined : source;
}

/** A file that nobody would mean as the output of the sample model is refused. */
async function checkLoneOutput(
  name: string,
  found: Exclude<SourceName, { kind: 'folder' | 'repository' }>,
  { force, isFolder }: ExportWords,
): Promise<void> {
  const isModelFile = /\.(?:bin|gguf)$/i.test(name);
  if (found.kind === 'file') {
    // Its owner may have meant it as the source; --force says otherwise.
    if (isModelFile && force) return;
    const { message, suggestions } = await refuseSource(name, found);
    if (!isModelFile) throw new ToolkitError('SOURCE_NOT_FOUND', message, { suggestions });
    throw new ToolkitError(
      'OUTPUT_EXISTS',
      `${name}: is there, and would be replaced by the bundled sample model, as no source is named`,
      {
        suggestions: [...suggestions, `to replace it: ${retyped(name, name, '--force') ?? '--force'}`],
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
