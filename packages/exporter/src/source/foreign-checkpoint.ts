// Recognises by the names of its files what a folder or repository holds when it is no checkpoint to export.

import { INDEX_FILE, SINGLE_FILE } from '../checkpoint/weight-files.js';
import { shellWord } from '../shell-word.js';

/** What was found, and the way on. */
export interface ForeignCheckpoint {
  /** Ends the sentence "it holds …" or "it is …". */
  readonly what: string;
  readonly expected: string;
  readonly suggestions: readonly string[];
}

/** What is looked at. */
export interface CheckpointNames {
  /** Folder or repository, as the user would name it. */
  readonly name: string;
  /** Paths of files, relative, with forward slashes. */
  readonly paths: readonly string[];
  /** What adapter_config.json says its base is; undefined where it was not read. */
  readonly adapterBase?: string | null | undefined;
  /** Repository of the model this was made from, if anything tells. */
  readonly original: string | null;
  /** Whether `name` is a repository of the hub. */
  readonly isRemote: boolean;
}

const SHARD = /^model-(\d{5})-of-(\d{5})\.safetensors$/;
const CHECKPOINT_STEP = /^(checkpoint-(\d+))\/config\.json$/;
const MAX_SUGGESTED = 3;

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
  if (hasConfig && (has(SINGLE_FILE) || has(INDEX_FILE))) return null;
  if (has('adapter_config.json') || some(/^adapter_model\./) !== undefined) return adapter(names);
  const below = hasConfig ? null : checkpointsBelow(names);
  if (below !== null) return below;
  if (some(/^consolidated\.\d+\.(?:pth|pt)$/) !== undefined || (has('params.json') && has('tokenizer.model'))) {
    return {
      what: 'Meta’s original files (consolidated.*.pth, params.json)',
      expected: 'the Hugging Face files: config.json and safetensors',
      suggestions: exportOriginal(names, 'meta-llama/Llama-3.2-1B-Instruct'),
    };
  }
  const gguf = paths.filter((path) => path.endsWith('.gguf') && (isRemote || !path.includes('/')));
  if (gguf.length > 0) {
    return {
      what: `GGUF files only (${listed(gguf)})`,
      expected: 'the safetensors of the model that they were made from',
      suggestions: [
        ...exportOriginal(names),
        ...(isRemote ? [] : [`llama inspect ${shellWord(`${trimmed(name)}/${gguf[0]}`)}`]),
      ],
    };
  }
  if (some(/^pytorch_model(?:[.-].*)?\.bin(?:\.index\.json)?$/) !== undefined) {
    return {
      what: 'weights of PyTorch only (pytorch_model.bin), which are pickles',
      expected: 'safetensors',
      suggestions: [resaveCommand(name), `llama export ${shellWord(resaved(name))}`],
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
            `python3 ${shellWord(`${trimmed(name)}/zero_to_fp32.py`)} ${shellWord(name)} ${shellWord(resaved(name))} --safe_serialization`,
          ]
        : ['save the model from the training program: trainer.save_model("FOLDER")'],
    };
  }
  const shards = paths.filter((path) => SHARD.test(path));
  if (shards.length > 0) return missingShards(names, shards);
  const single = paths.filter((path) => path.endsWith('.safetensors') && !path.includes('/'));
  if (hasConfig && single.length === 1 && !isRemote) {
    return {
      what: `its weights as ${single[0]}`,
      expected: SINGLE_FILE,
      suggestions: [`ln -s ${shellWord(single[0]!)} ${shellWord(`${trimmed(name)}/model.safetensors`)}`],
    };
  }
  return null;
}

function adapter({ name, adapterBase, paths }: CheckpointNames): ForeignCheckpoint {
  const base = adapterBase ?? null;
  const merged = `${lastPart(name)}-merged`;
  const tokenizerOf = paths.includes('tokenizer_config.json') ? name : (base ?? name);
  const python = [
    'from peft import AutoPeftModelForCausalLM as M',
    'from transformers import AutoTokenizer as T',
    `M.from_pretrained(${pythonText(name)}).merge_and_unload().save_pretrained(${pythonText(merged)})`,
    `T.from_pretrained(${pythonText(tokenizerOf)}).save_pretrained(${pythonText(merged)})`,
  ].join('; ');
  return {
    what: `a LoRA adapter of ${base ?? 'a model that adapter_config.json does not name'}, not a whole model`,
    expected: 'the adapter merged into its base',
    suggestions: [
      `python3 -c ${shellWord(python)}`,
      `llama export ${shellWord(merged)}`,
      ...(base === null ? [] : [`the base alone: llama export ${shellWord(base)}`]),
    ],
  };
}

/** Checkpoints one or two folders down: of a training run, of `snapshot_download`, of a folder of models. */
function checkpointsBelow({ name, paths, isRemote }: CheckpointNames): ForeignCheckpoint | null {
  const holding = (file: string): string[] =>
    paths.filter((path) => path.endsWith(`/${file}`)).map((path) => path.slice(0, -file.length - 1));
  const folders =
    [holding('config.json'), holding('refs/main'), holding('adapter_config.json')].find(({ length }) => length > 0) ??
    [];
  const loadable = folders.filter((folder) =>
    paths.some((path) => path.startsWith(`${folder}/`) && path.endsWith('.safetensors')),
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
      .map((folder) => `llama export ${shellWord(`${trimmed(name)}/${folder}`)}`),
  };
}

function missingShards({ name, isRemote, original }: CheckpointNames, shards: readonly string[]): ForeignCheckpoint {
  const count = Number(SHARD.exec(shards[0]!)![2]);
  const missing = Array.from({ length: count }, (_, i) =>
    shards[0]!.replace(/-\d{5}-of/, `-${String(i + 1).padStart(5, '0')}-of`),
  ).filter((path) => !shards.includes(path));
  const lacks = [...missing, INDEX_FILE];
  const from = original ?? 'OWNER/NAME';
  return {
    what: `${shards.length} of ${count} shards and no index`,
    expected: `${listed(lacks)} as well`,
    suggestions: isRemote
      ? [`see its files: https://huggingface.co/${name}/tree/main`]
      : [
          `hf download ${shellWord(from)} ${lacks.slice(0, MAX_SUGGESTED).map(shellWord).join(' ')} --local-dir ${shellWord(name)}`,
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

/** Loads the pickles with transformers and saves them as safetensors beside the folder. */
function resaveCommand(name: string): string {
  const python = [
    'from transformers import AutoModelForCausalLM as M, AutoTokenizer as T',
    `M.from_pretrained(${pythonText(name)}, torch_dtype="auto").save_pretrained(${pythonText(resaved(name))})`,
    `T.from_pretrained(${pythonText(name)}).save_pretrained(${pythonText(resaved(name))})`,
  ].join('; ');
  return `python3 -c ${shellWord(python)}`;
}

function resaved(name: string): string {
  return `${lastPart(name)}-safetensors`;
}

function pythonText(text: string): string {
  return JSON.stringify(text);
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
