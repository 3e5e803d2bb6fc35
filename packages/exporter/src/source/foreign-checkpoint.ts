// Recognises by the names of its files what a folder or repository holds when it is no checkpoint to export.

import { commandLine, shellQuote } from '@llama-ts/base';
import {
  pytorchFiles,
  SINGLE_FILE,
  safetensorsFiles,
  type WeightFileNames,
  weightFilesOf,
} from '../checkpoint/weight-files.js';

/** A checkpoint that cannot be exported, and what to do with it. */
export interface ForeignCheckpoint {
  /** Ends the sentence "it holds …" or "it is …". */
  readonly what: string;
  readonly expected: string;
  readonly suggestions: readonly string[];
}

/** The names and facts to recognise it by. */
export interface CheckpointNames {
  /** Folder or repository, as the user would name it. */
  readonly name: string;
  /** Paths of files, relative, with forward slashes. */
  readonly paths: readonly string[];
  /** The base model in adapter_config.json; undefined where it was not read. */
  readonly adapterBase?: string | null | undefined;
  /** Repository of the model that this was made from, if it is known. */
  readonly original: string | null;
  /** Whether `name` is a repository of the hub. */
  readonly isRemote: boolean;
}

const CHECKPOINT_STEP = /^(checkpoint-(\d+))\/config\.json$/;
const MAX_SUGGESTED = 3;
/** Weights of an adapter that MLX trained, which MLX alone merges. */
const MLX_ADAPTER = 'adapters.safetensors';

/** Kinds of file that hold weights this toolkit does not read. */
const otherWeights: readonly (readonly [RegExp, string])[] = [
  [/^weights(?:\.\d+)?\.npz$/, 'weights of MLX (npz)'],
  [/(?:^|\/)[^/]*\.onnx$/, 'an ONNX model'],
  [/(?:^|\/)openvino_model\.xml$/, 'an OpenVINO model'],
  [/^tf_model.*\.h5$/, 'weights of TensorFlow'],
  [/^flax_model.*\.msgpack$/, 'weights of Flax'],
  [/^rust_model\.ot$/, 'weights of rust-bert'],
  [/^mlc-chat-config\.json$/, 'a model compiled by MLC'],
  [/(?:^|\/)[^/]*\.(?:mlmodel|mlpackage\/.*|mlmodelc\/.*)$/, 'a Core ML model'],
  [/(?:^|\/)[^/]*\.pte$/, 'an ExecuTorch program'],
  [/(?:^|\/)[^/]*\.(?:engine|plan)$/, 'a TensorRT engine'],
  [/(?:^|\/)[^/]*\.(?:task|tflite|litertlm)$/, 'a LiteRT model'],
  [/(?:^|\/)[^/]*\.nemo$/, 'a NeMo archive'],
];

/** null for a checkpoint with config.json and safetensors, and for files of which nothing is recognised. */
export function recogniseForeignCheckpoint(names: CheckpointNames): ForeignCheckpoint | null {
  const { name, paths, isRemote } = names;
  const has = (path: string): boolean => paths.includes(path);
  const some = (pattern: RegExp): string | undefined => paths.find((path) => pattern.test(path));
  const hasConfig = has('config.json');
  if (hasConfig && weightFilesOf(paths) !== null) return null;
  if (has('adapter_config.json') || some(/^adapter_model\./) !== undefined) return adapter(names);
  const below = hasConfig ? null : checkpointsBelow(names);
  if (below !== null) return below;
  const isOriginal = some(/^consolidated\.\d+\.(?:pth|pt)$/) !== undefined;
  if (isOriginal || (has('params.json') && has('tokenizer.model'))) return metaFiles(names, isOriginal);
  // hub/choose-gguf.ts chooses the GGUF file of a repository before this is called.
  const gguf = isRemote ? [] : paths.filter((path) => path.endsWith('.gguf') && !path.includes('/'));
  if (gguf.length > 0) {
    return {
      what: `GGUF files only (${listed(gguf)})`,
      expected: 'the path of one of them',
      suggestions: gguf.slice(0, MAX_SUGGESTED).map((path) => `llama export ${shellQuote(`${trimmed(name)}/${path}`)}`),
    };
  }
  if (has('model_index.json')) return other('a pipeline of diffusers, which makes images', names);
  for (const [pattern, what] of otherWeights) if (some(pattern) !== undefined) return other(what, names);
  const trainer = some(
    /^(?:trainer_state\.json|optimizer\.(?:pt|bin)|scheduler\.pt|global_step\d+\/.*|.*\.distcp|.*zero_pp_rank.*\.pt|latest)$/,
  );
  if (trainer !== undefined && !paths.some((path) => path.endsWith('.safetensors'))) {
    return {
      what: `what a training run keeps to go on (${trainer})`,
      expected: 'a saved model: config.json and safetensors',
      suggestions: has('zero_to_fp32.py')
        ? [
            // Into the folder itself, where config.json and the tokenizer are.
            `python3 ${shellQuote(`${trimmed(name)}/zero_to_fp32.py`)} ${shellQuote(name)} ${shellQuote(name)} --safe_serialization`,
          ]
        : ['save the model from the training program: trainer.save_model("FOLDER")'],
    };
  }
  for (const files of [safetensorsFiles, pytorchFiles]) {
    const shards = paths.filter((path) => files.shard.test(path));
    if (shards.length > 0) return missingShards(names, shards, files);
  }
  const single = paths.filter((path) => path.endsWith('.safetensors') && !path.includes('/'));
  if (hasConfig && single.length === 1 && !isRemote) {
    return {
      what: `its weights as ${single[0]}`,
      expected: SINGLE_FILE,
      suggestions: [`ln -s ${shellQuote(single[0]!)} ${shellQuote(`${trimmed(name)}/model.safetensors`)}`],
    };
  }
  return null;
}

/** A repository of Meta's files, or a folder of some of them. */
function metaFiles(names: CheckpointNames, hasWeights: boolean): ForeignCheckpoint {
  const suggestions = exportOriginal(names);
  if (names.isRemote) {
    const expected = 'the Hugging Face files: config.json and safetensors';
    return { what: 'Meta’s original files (consolidated.*.pth, params.json)', expected, suggestions };
  }
  const lacks = hasWeights ? 'params.json' : 'consolidated.00.pth';
  return { what: 'a part of Meta’s original files', expected: `${lacks} as well`, suggestions };
}

function adapter({ name, adapterBase, paths }: CheckpointNames): ForeignCheckpoint {
  const base = adapterBase ?? null;
  const model = base ?? 'BASE';
  const merged = `${lastPart(name)}-merged`;
  return {
    what: `a LoRA adapter of ${base ?? 'a model that adapter_config.json does not name'}, not a whole model`,
    expected: 'its base, and the adapter to be merged into it',
    suggestions: [
      ...(paths.includes(MLX_ADAPTER)
        ? [
            `python3 -m mlx_lm fuse --model ${shellQuote(model)} --adapter-path ${shellQuote(name)} --save-path ${shellQuote(merged)}`,
            `llama export ${shellQuote(merged)}`,
          ]
        : [`llama export ${shellQuote(model)} --lora ${shellQuote(name)}`]),
      ...(base === null ? [] : [`the base alone: llama export ${shellQuote(base)}`]),
    ],
  };
}

/** Checkpoints one or two folders down: of a training run, of `snapshot_download`, of a folder of models. */
function checkpointsBelow({ name, paths, isRemote }: CheckpointNames): ForeignCheckpoint | null {
  const holding = (file: string): string[] =>
    paths.filter((path) => path.endsWith(`/${file}`)).map((path) => path.slice(0, -file.length - 1));
  const folders =
    [holding('config.json'), holding('refs/main'), holding('adapter_config.json'), holding('params.json')].find(
      ({ length }) => length > 0,
    ) ?? [];
  const loadable = folders.filter((folder) =>
    paths.some((path) => path.startsWith(`${folder}/`) && /\.(?:safetensors|pth)$/.test(path)),
  );
  const chosen = loadable.length > 0 ? loadable : folders;
  if (chosen.length === 0 || isRemote) return null;
  const steps = (folder: string): number => Number(CHECKPOINT_STEP.exec(`${folder}/config.json`)?.[2] ?? -1);
  const ordered = [...chosen].sort((a, b) => steps(b) - steps(a));
  return {
    what: `no config.json itself, but models below it (${listed(ordered)})`,
    expected: 'the folder of one of them',
    suggestions: ordered
      .slice(0, MAX_SUGGESTED)
      .map((folder) => `llama export ${shellQuote(`${trimmed(name)}/${folder}`)}`),
  };
}

function missingShards(
  { name, isRemote, original }: CheckpointNames,
  shards: readonly string[],
  { shard, index }: WeightFileNames,
): ForeignCheckpoint {
  const count = Number(shard.exec(shards[0]!)![2]);
  const missing = Array.from({ length: count }, (_, i) =>
    shards[0]!.replace(/-\d{5}-of/, `-${String(i + 1).padStart(5, '0')}-of`),
  ).filter((path) => !shards.includes(path));
  const lacks = [...missing, index];
  const from = original ?? 'OWNER/NAME';
  return {
    what: `${shards.length} of ${count} shards and no index`,
    expected: `${listed(lacks)} as well`,
    suggestions: isRemote
      ? ['take another commit, which has them: --revision REVISION']
      : [
          `hf download ${shellQuote(from)} ${commandLine(lacks.slice(0, MAX_SUGGESTED))} --local-dir ${shellQuote(name)}`,
        ],
  };
}

function other(what: string, names: CheckpointNames): ForeignCheckpoint {
  return {
    what,
    expected: 'a checkpoint of Hugging Face: config.json and safetensors',
    suggestions: exportOriginal(names),
  };
}

function exportOriginal({ original }: CheckpointNames, example = 'meta-llama/Llama-3.2-1B-Instruct'): string[] {
  return [
    original === null
      ? `the model that it was made from, such as: llama export ${example}`
      : `llama export ${original}`,
  ];
}

function lastPart(name: string): string {
  return trimmed(name).split(/[\\/]/).at(-1) || 'model';
}

function trimmed(name: string): string {
  return name.replace(/(?<=.)\/+$/, '');
}

function listed(names: readonly string[]): string {
  const more = names.length - MAX_SUGGESTED;
  return names.slice(0, MAX_SUGGESTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
