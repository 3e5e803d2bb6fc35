// Recognises weights that are quantized already: by config.json, and by tensors that only quantized files have.

import { isObject, type JsonObject } from '@llama-ts/base';

/** Ends of tensor names by the method that writes them. */
const quantizedTensors: readonly (readonly [RegExp, string])[] = [
  [/\.(?:qweight|qzeros|g_idx)$/, 'gptq or awq'],
  [/\.(?:quant_map|absmax|nested_absmax|quant_state\.bitsandbytes__\w+|SCB)$/, 'bitsandbytes'],
  [/\.(?:weight_packed|weight_zero_point|weight_g_idx)$/, 'compressed-tensors'],
  [/\.(?:weight_scale|weight_scale_inv|input_scale)$/, 'fp8 or int8'],
  [/\.weight\._(?:data|scale|packed)$/, 'quanto'],
  [/\.(?:trellis|q_weight|q_scale)$/, 'exllama'],
  [/\.(?:codebooks|codes)$/, 'aqlm'],
  [/\.(?:biases|scales)$/, 'mlx'],
];

/** `gptq, 4 bits`; null for a configuration of plain weights. */
export function quantizationOf(config: JsonObject): string | null {
  const { quantization_config: common, compression_config: compressed, quantization: mlx } = config;
  if (common == null && compressed == null && mlx == null) return null;
  const settings = [common, compressed, mlx].find(isObject) ?? {};
  const method = settings.quant_method ?? settings.quant_algo ?? settings.mode;
  const known =
    typeof method === 'string' && method !== 'affine'
      ? method
      : mlx == null && compressed == null
        ? 'unnamed method'
        : mlx == null
          ? 'compressed-tensors'
          : 'mlx';
  const bits = bitsOf(settings);
  return bits === null ? known : `${known}, ${bits} bits`;
}

/** The quantization method that writes tensors of this name; null for names of plain weights. */
export function quantizationOfTensor(name: string): string | null {
  return quantizedTensors.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

function bitsOf(settings: JsonObject): number | null {
  for (const field of ['bits', 'w_bit', 'num_bits', 'nbits', 'weight_bits']) {
    const value = settings[field];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
  }
  if (settings.load_in_4bit === true || settings._load_in_4bit === true) return 4;
  if (settings.load_in_8bit === true || settings._load_in_8bit === true) return 8;
  const groups = isObject(settings.config_groups) ? Object.values(settings.config_groups) : [];
  const weights = groups.map((group) => (isObject(group) ? group.weights : null)).find(isObject);
  return typeof weights?.num_bits === 'number' ? weights.num_bits : null;
}
