// Writes the description of a model file as lines to read.

import { byteSize } from '@llama-ts/base';
import type {
  BinDescription,
  ModelSummary,
  PathDescription,
  TensorDescription,
  TokenizerDescription,
} from '@llama-ts/exporter';
import type { Llama3RopeScaling, ModelDimensions } from '@llama-ts/format';
import { type Column, fitTable } from '../terminal/fit-table.js';
import { labelledRow } from '../terminal/labelled-row.js';
import { visible } from '../terminal/terminal-safe.js';
import { wrapAdvice } from '../terminal/wrap-command.js';

/** A label and what it labels. */
type Row = readonly [label: string, text: string];

const LABEL_WIDTH = 14;
const tensorColumns: readonly Column[] = [
  { head: 'type' },
  { head: 'shape' },
  { head: 'size', isNumber: true },
  { head: 'place' },
];
/** Files of a folder beyond these are counted. */
const MAX_FILES = 12;

/**
 * Lines of at most `columns` columns, without control characters: names come from the file.
 *
 * @param shown whether to list every tensor, instead of counting them by type
 */
export function descriptionLines(
  description: PathDescription,
  columns: number,
  shown: { readonly tensors: boolean },
): string[] {
  const { tensors } = description;
  const rows = [...headRows(description), ...bodyRows(description), ...(shown.tensors ? [] : countRows(tensors))];
  return [
    description.path,
    ...rows.map((row) => rowLines(row, columns)),
    ...(shown.tensors ? tensorLines(tensors, columns) : []),
  ].map(visible);
}

/** A suggestion that does not fit next to its label keeps its command whole. */
function rowLines([label, text]: Row, columns: number): string {
  const lines = labelledRow(label, text, { indent: '  ', labelWidth: LABEL_WIDTH, columns });
  return label === 'try' && lines.includes('\n') ? wrapAdvice(`try: ${text}`, columns, '  ') : lines;
}

function headRows({ kind, byteLength, nParameters }: PathDescription): Row[] {
  const size = row('size', sizeText(byteLength));
  return kind === 'other' && nParameters === 0 ? [size] : [size, row('parameters', String(nParameters))];
}

function sizeText(byteLength: number): string {
  const size = byteSize(byteLength);
  return size.endsWith(' bytes') ? size : `${size} (${byteLength} bytes)`;
}

function bodyRows(description: PathDescription): Row[] {
  switch (description.kind) {
    case 'safetensors':
      return Object.entries(description.metadata ?? {}).map(([key, value]) => row(key, value));
    case 'checkpoint':
      return [
        row('format', 'Hugging Face checkpoint'),
        ...dimensionRows(description.dimensions),
        ...modelRows(description.model),
        row('files', filesText(description.files)),
        ...description.warnings.map((warning) => row('warning', warning)),
      ];
    case 'gguf':
      return [
        row('format', `GGUF (llama.cpp), ${description.bitsPerWeight.toFixed(2)} bits per weight`),
        ...dimensionRows(description.dimensions),
        ...modelRows(description.model),
        ...(description.files.length === 1 ? [] : [row('files', filesText(description.files))]),
        ...description.warnings.map((warning) => row('warning', warning)),
      ];
    case 'other': {
      const { what, config, files, problem } = description;
      return [
        row('format', what),
        ...Object.entries(config ?? {}).map(([key, value]) =>
          row(key, typeof value === 'string' ? value : JSON.stringify(value)),
        ),
        ...(files.length === 0 ? [] : [row('files', filesText(files))]),
        row('not exported', `${problem.message} [${problem.code}]`),
        ...problem.suggestions.map((suggestion) => row('try', suggestion)),
      ];
    }
    case 'bin': {
      const { dimensions, trailer, assumed } = description;
      return [
        row('format', formatText(description)),
        ...dimensionRows(dimensions),
        ...(trailer === null
          ? [row('trailer', 'none: a plain file')]
          : [row('trailer', byteSize(trailer.byteLength)), ...modelRows(trailer), ...originRows(trailer.provenance)]),
        ...(assumed === null ? [] : [row('assumed', JSON.stringify(assumed))]),
      ];
    }
  }
}

function formatText({ version, groupSize, bitsPerWeight }: BinDescription): string {
  if (version === 3) return `v3, ${bitsPerWeight.toFixed(2)} bits per weight, group size ${groupSize}`;
  return groupSize === null ? `v${version}` : `v${version}, 8 bits, group size ${groupSize}`;
}

function dimensionRows(dimensions: ModelDimensions): Row[] {
  return [
    row('width', `${dimensions.dim}, feed-forward ${dimensions.hiddenDim}`),
    row('layers', String(dimensions.nLayers)),
    row('heads', `${dimensions.nHeads}, key/value heads ${dimensions.nKvHeads}`),
    row('vocabulary', `${dimensions.vocabSize}, classifier ${dimensions.sharedClassifier ? 'shared' : 'of its own'}`),
    row('context', `${dimensions.maxSeqLen} positions`),
  ];
}

function modelRows({ ropeTheta, ropeScaling, normEpsilon, generation, tokenizer, ...model }: ModelSummary): Row[] {
  const defaults = Object.entries(generation).filter(([, value]) => value !== null);
  return [
    row('RoPE', `base ${ropeTheta}, ${scalingText(ropeScaling)}`),
    row('norm epsilon', String(normEpsilon)),
    row('begin, end', `${model.bosId ?? 'none'}, ${model.eosIds.join(' ') || 'none'}`),
    row('generation', defaults.map(([key, value]) => `${key} ${value}`).join(', ') || 'no defaults'),
    ...model.eosSources
      .filter(({ sources }) => sources.length > 0)
      .map(({ id, sources }) => row(`end ${id}`, `named by ${sources.join(', ')}`)),
    row('tokenizer', tokenizer === null ? 'none' : tokenizerText(tokenizer)),
    row('chat template', model.hasChatTemplate ? 'yes' : 'no'),
    ...(model.namedTemplates.length === 0 ? [] : [row('named templates', model.namedTemplates.join(', '))]),
  ];
}

function tokenizerText({ nTokens, nUsedTokens, nSpecialTokens, nAddedTokens }: TokenizerDescription): string {
  const added = nAddedTokens === 0 ? '' : `, ${nAddedTokens} added`;
  const unused = nUsedTokens === nTokens ? '' : `; ids from ${nUsedTokens} to ${nTokens - 1} are unused`;
  return `${nUsedTokens} tokens, ${nSpecialTokens} of them special${added}${unused}`;
}

function scalingText(scaling: Llama3RopeScaling | null): string {
  if (scaling === null) return 'unscaled';
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings } = scaling;
  return `llama3 scaling ${factor} (${lowFreqFactor} to ${highFreqFactor}, from ${originalMaxPositionEmbeddings} positions)`;
}

function originRows({ source, commit, tool }: { source: string; commit: string | null; tool: string }): Row[] {
  return [row('from', commit === null ? source : `${source} at ${commit}`), row('written by', tool)];
}

/** Shards as their first and last one; the first files of a folder that holds many. */
function filesText(files: readonly string[]): string {
  const shards = new Map<string, string[]>();
  for (const file of files) {
    const series = file.replace(/-\d{5}-of-(\d{5})/, '-of-$1');
    shards.set(series, [...(shards.get(series) ?? []), file]);
  }
  const texts = [...shards.values()].map((names) =>
    names.length < 3 ? names.join(', ') : `${names[0]} to ${names.at(-1)} (${names.length} files)`,
  );
  const hidden = texts.length - MAX_FILES;
  return [...texts.slice(0, MAX_FILES), ...(hidden > 0 ? [`and ${hidden} more`] : [])].join(', ');
}

/** How many tensors there are of each type, the largest share of the bytes first. */
function countRows(tensors: readonly TensorDescription[]): Row[] {
  if (tensors.length === 0) return [];
  const types = new Map<string, { count: number; byteLength: number }>();
  for (const { dtype, byteLength } of tensors) {
    const { count, byteLength: before } = types.get(dtype) ?? { count: 0, byteLength: 0 };
    types.set(dtype, { count: count + 1, byteLength: before + byteLength });
  }
  const texts = [...types]
    .sort(([, a], [, b]) => b.byteLength - a.byteLength)
    .map(([dtype, { count, byteLength }]) => `${count} ${dtype} (${byteSize(byteLength)})`);
  return [row('tensors', `${texts.join(', ')}; --tensors lists them`)];
}

/** Tables of tensors, one for each file. */
function tensorLines(tensors: readonly TensorDescription[], columns: number): string[] {
  const files = new Map<string | undefined, TensorDescription[]>();
  for (const tensor of tensors) files.set(tensor.file, [...(files.get(tensor.file) ?? []), tensor]);
  return [...files].flatMap(([file, held]) => {
    const title = `tensors${file === undefined ? '' : ` of ${file}`} (${held.length})`;
    const rows = held.map(({ name, dtype, shape, byteOffset, byteLength }) => ({
      name,
      cells: [dtype, `(${shape.join(', ')})`, byteSize(byteLength), `at ${byteOffset}`],
    }));
    return fitTable({ title, columns: tensorColumns, rows, hasHeads: false }, columns);
  });
}

function row(label: string, text: string): Row {
  return [label, text];
}
