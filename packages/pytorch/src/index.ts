// Public names of @llama-ts/pytorch.

export {
  MAX_CONTAINERS,
  MAX_DEPTH,
  MAX_DIMENSIONS,
  MAX_DIRECTORY_BYTES,
  MAX_ENTRIES,
  MAX_ENTRY_NAME_BYTES,
  MAX_GLOBAL_BYTES,
  MAX_MARKS,
  MAX_MEMO,
  MAX_PICKLE_BYTES,
  MAX_STACK,
  MAX_TENSORS,
  MAX_TEXT_BYTES,
} from './limits.js';
export type {
  Container,
  Global,
  PickleDict,
  PickleList,
  PickleTuple,
  PickleValue,
  Storage,
  StoredTensor,
  TorchDtype,
} from './pickle-values.js';
export {
  isDict,
  type OpenPytorchOptions,
  openPytorch,
  PytorchFile,
  type PytorchTensor,
  type ReadTensorOptions,
} from './pytorch-file.js';
export { unpickle } from './unpickle.js';
