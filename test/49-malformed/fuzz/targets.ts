// Every reader of files that is fuzzed.

import { adapterTargets } from './adapter-target.js';
import { binaryTargets } from './binary-targets.js';
import { ggufSourceTarget } from './gguf-source-target.js';
import { pytorchTarget } from './pytorch-target.js';
import type { FuzzTarget } from './run-cases.js';
import { folderTarget, textTargets } from './text-targets.js';

/** Files of a folder that are damaged one at a time, the rest being whole. */
const FOLDER_FILES = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'model.safetensors.index.json',
  'model-00003-of-00003.safetensors',
];

/** @param scratch folder for files, which the caller removes */
export function fuzzTargets(scratch: string): readonly FuzzTarget[] {
  return [
    ...binaryTargets,
    pytorchTarget,
    ggufSourceTarget(scratch),
    ...adapterTargets(scratch),
    ...textTargets,
    ...FOLDER_FILES.map((path) => folderTarget(path, scratch)),
  ];
}
