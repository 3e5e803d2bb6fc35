// Which quantized checkpoints are dequantized on the way in: by what their config.json says.

import { isObject, type JsonObject } from '@llama-ts/base';

/** A method whose weights are read. */
export type QuantizationMethod = 'fp8' | 'bitsandbytes' | 'gptq' | 'gptq-v2' | 'awq';

/** null for plain weights, and for methods, bits and layouts that are not read. */
export function readableMethod(config: JsonObject): QuantizationMethod | null {
  const common = config.quantization_config ?? config.compression_config;
  if (!isObject(common) || config.quantization != null) return null;
  const method = common.quant_method ?? (config.compression_config == null ? undefined : 'compressed-tensors');
  switch (method) {
    case 'fp8':
    case 'fbgemm_fp8':
      return 'fp8';
    case 'compressed-tensors':
      return holdsBytes(common) ? 'fp8' : null;
    case 'bitsandbytes':
      return 'bitsandbytes';
    case 'gptq':
      if (common.bits !== 4) return null;
      return common.checkpoint_format === 'gptq_v2' ? 'gptq-v2' : 'gptq';
    case 'awq':
      return common.bits === 4 && (common.version ?? 'gemm') === 'gemm' ? 'awq' : null;
    default:
      return null;
  }
}

/** Whether every group has weights of 8 bits, which compressed-tensors stores one a byte, and none is sparse. */
function holdsBytes({ config_groups: groups, sparsity_config: sparsity }: JsonObject): boolean {
  if (!isObject(groups) || Object.keys(groups).length === 0) return false;
  const isDense = !isObject(sparsity) || sparsity.format == null || sparsity.format === 'dense';
  return (
    isDense &&
    Object.values(groups).every((group) => isObject(group) && isObject(group.weights) && group.weights.num_bits === 8)
  );
}
