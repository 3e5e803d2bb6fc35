// Writes the description of a model file as lines to read.

import type { ModelSummary, PathDescription, TensorDescription, TokenizerDescription } from '@llama-ts/exporter';
import type { Llama3RopeScaling, ModelDimensions } from '@llama-ts/format';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** Lines without control characters: names come from the file. */
export function descriptionLines(description: PathDescription): string[] {
  return [...headLines(description), ...bodyLines(description), ...tensorLines(description.tensors)].map(visible);
}

function headLines({ kind, path, byteLength, nParameters }: PathDescription): string[] {
  if (kind === 'other' && nParameters === 0)
    return [path, row('size', `${byteSize(byteLength)} (${byteLength} bytes)`)];
  return [path, row('size', `${byteSize(byteLength)} (${byteLength} bytes)`), row('parameters', String(nParameters))];
}

function bodyLines(description: PathDescription): string[] {
  switch (description.kind) {
    case 'safetensors':
      return Object.entries(description.metadata ?? {}).map(([key, value]) => row(key, value));
    case 'checkpoint':
      return [
        row('format', 'Hugging Face checkpoint'),
        ...dimensionLines(description.dimensions),
        ...modelLines(description.model),
        row('files', description.files.join(', ')),
        ...description.warnings.map((warning) => row('warning', warning)),
      ];
    case 'other': {
      const { what, config, files, problem } = description;
      return [
        row('format', what),
        ...Object.entries(config ?? {}).map(([key, value]) =>
          row(key, typeof value === 'string' ? value : JSON.stringify(value)),
        ),
        ...(files.length === 0 ? [] : [row('files', files.join(', '))]),
        row('not exported', `${problem.message} [${problem.code}]`),
        ...problem.suggestions.map((suggestion) => row('try', suggestion)),
      ];
    }
    case 'bin': {
      const { version, groupSize, dimensions, trailer, assumed } = description;
      return [
        row('format', groupSize === null ? `v${version}` : `v${version}, 8 bits, group size ${groupSize}`),
        ...dimensionLines(dimensions),
        ...(trailer === null
          ? [row('trailer', 'none: a plain file')]
          : [row('trailer', byteSize(trailer.byteLength)), ...modelLines(trailer), ...originLines(trailer.provenance)]),
        ...(assumed === null ? [] : [row('assumed', JSON.stringify(assumed))]),
      ];
    }
  }
}

function dimensionLines(dimensions: ModelDimensions): string[] {
  return [
    row('width', `${dimensions.dim}, feed-forward ${dimensions.hiddenDim}`),
    row('layers', String(dimensions.nLayers)),
    row('heads', `${dimensions.nHeads}, key/value heads ${dimensions.nKvHeads}`),
    row('vocabulary', `${dimensions.vocabSize}, classifier ${dimensions.sharedClassifier ? 'shared' : 'of its own'}`),
    row('context', `${dimensions.maxSeqLen} positions`),
  ];
}

function modelLines({ ropeTheta, ropeScaling, normEpsilon, generation, tokenizer, ...model }: ModelSummary): string[] {
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

function originLines({ source, commit, tool }: { source: string; commit: string | null; tool: string }): string[] {
  return [row('from', commit === null ? source : `${source} at ${commit}`), row('written by', tool)];
}

function tensorLines(tensors: readonly TensorDescription[]): string[] {
  if (tensors.length === 0) return [];
  const width = Math.max(...tensors.map(({ name }) => name.length), 0);
  return [
    `tensors (${tensors.length})`,
    ...tensors.map(({ name, dtype, shape, byteOffset, byteLength, file }) => {
      const place = file === undefined ? `at ${byteOffset}` : `at ${byteOffset} of ${file}`;
      return `  ${name.padEnd(width)}  ${dtype.padEnd(4)}  (${shape.join(', ')})  ${byteSize(byteLength)}  ${place}`;
    }),
  ];
}

function row(label: string, value: string): string {
  return `  ${label.padEnd(13)} ${value}`;
}
