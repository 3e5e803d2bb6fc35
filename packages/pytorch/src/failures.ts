// The errors of the package: an archive, a pickle or a tensor that is refused.

import { type ErrorCode, escapeControls, ToolkitError } from '@llama-ts/base';

const DOWNLOAD = 'download the file again, then run the same command again';
const SAVE = 'save the weights as safetensors with PyTorch, then run the same command again';

/** A zip archive that is damaged, or none that torch.save writes. */
export function badArchive(name: string, problem: string): ToolkitError {
  return failure('PYTORCH_ARCHIVE', name, problem, [DOWNLOAD]);
}

/** A pickle that does what no dict of tensors needs, or is damaged. */
export function badPickle(name: string, problem: string): ToolkitError {
  return failure('PYTORCH_PICKLE', name, problem, [SAVE]);
}

/** A tensor that contradicts its storage, or that only PyTorch can lay out. */
export function badTensor(name: string, problem: string): ToolkitError {
  return failure('PYTORCH_TENSOR', name, problem, [SAVE]);
}

/** A bound of limits.ts. */
export function overLimit(name: string, problem: string): ToolkitError {
  return failure('LIMIT_EXCEEDED', name, problem, [SAVE]);
}

/** A file of another kind. @param suggestion what to do with a file of that kind */
export function notPytorch(name: string, problem: string, suggestion: string = SAVE): ToolkitError {
  return failure('NOT_PYTORCH', name, problem, [suggestion]);
}

function failure(code: ErrorCode, name: string, problem: string, suggestions: readonly string[]): ToolkitError {
  return new ToolkitError(code, `${escapeControls(name)}: ${problem}`, { suggestions });
}
