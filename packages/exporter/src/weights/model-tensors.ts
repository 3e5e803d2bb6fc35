// The tensors of a model, for outputs that are laid out layer by layer.

import { type BinTensor, layout, type ModelDimensions } from '@llama-ts/format';

/** Every tensor, layer by layer, as float32; names, kinds and shapes are those of a .bin file, places are not. */
export function modelTensors(dimensions: ModelDimensions): BinTensor[] {
  const { tensors } = layout({ version: 1, dimensions, groupSize: null });
  const layerOf = ({ kind, layer }: BinTensor): number =>
    layer ?? (kind === 'embedding' ? -1 : kind === 'finalNorm' ? dimensions.nLayers : dimensions.nLayers + 1);
  return [...tensors].sort((a, b) => layerOf(a) - layerOf(b));
}
