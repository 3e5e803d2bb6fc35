// GGUF files of the sample model, and changes of them.

import { join } from 'node:path';
import { convertModel, exportModel } from '@llama-ts/exporter';
import { type GgufMetadata, type GgufValue, openGguf, writeGguf } from '@llama-ts/gguf';
import { sampleModelPath } from '@llama-ts/sample-model';
import { drain } from './support.js';

/** The sample model as GGUF with matrices of this type, or each as v3 stores it. */
export async function sampleGguf(folder: string, type: 'Q8_0' | 'BF16' | 'stored', name = 'm.gguf'): Promise<string> {
  const output = join(folder, name);
  let source = sampleModelPath;
  if (type === 'stored') {
    source = join(folder, 'v3.bin');
    await drain(exportModel({ source: sampleModelPath, output: source, version: 3 }));
  }
  await drain(convertModel({ source, output, to: 'gguf', type: type === 'stored' ? undefined : type, force: true }));
  return output;
}

export type Entries = Map<string, GgufValue>;

/** Writes a GGUF file again with other metadata, and with tensors changed, left out or added. */
export async function rewritten(
  from: string,
  to: string,
  change: (metadata: Entries, tensors: Map<string, Uint8Array>) => void,
): Promise<string> {
  const file = await openGguf(from);
  const metadata: Entries = new Map();
  for (const [key, value] of file.metadata) {
    if (value.kind === 'array' && value.of === 'string') {
      const values = Array.from({ length: value.values.length }, (_, i) => value.values.at(i));
      metadata.set(key, { kind: 'array', of: 'string', values });
    } else metadata.set(key, value as GgufValue);
  }
  const tensors = new Map<string, Uint8Array>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  change(metadata, tensors);
  const specs = [...tensors].map(([name, data]) => {
    const { type, shape } = file.tensors.get(name) ?? { type: 'F32' as const, shape: [data.byteLength / 4] };
    return { name, type: type as 'F32', shape, data };
  });
  await writeGguf(to, specs, { metadata: metadata as GgufMetadata });
  await file.close();
  return to;
}
