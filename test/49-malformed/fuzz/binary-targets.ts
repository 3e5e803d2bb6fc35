// Fuzz targets among binary files: safetensors headers, .bin headers and trailers, tokenizer.bin, and GGUF in their place.

import { strict as assert } from 'node:assert';
import { bytesSource, isToolkitError, sha256, ToolkitError } from '@llama-ts/base';
import {
  decodeHeader,
  decodeTokenizerBin,
  encodeHeader,
  encodeTokenizerBin,
  encodeTrailer,
  FOOTER_BYTES,
  readBinFile,
} from '@llama-ts/format';
import { dequantize, isQuantizedTypeRead, openGguf, serializeHeader } from '@llama-ts/gguf';
import { parseHeader } from '@llama-ts/safetensors';
import { dimensions, modelBytes, tokenizer, v2, v3 } from '../../10-format/support.js';
import { fileOf } from '../../20-safetensors/support.js';
import type { FuzzTarget } from './run-cases.js';

const FLOATS = { a: [2, 3], 'model.norm.weight': [4], '': [0], 'x\u001b[2J': [1, 1, 1] };

function safetensorsFile(dtype: string, width: number, metadata: object): Uint8Array {
  let end = 0;
  const entries = Object.entries(FLOATS).map(([name, shape]) => {
    const start = end;
    end += width * shape.reduce((product, n) => product * n, 1);
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const header = JSON.stringify({ ...metadata, ...Object.fromEntries(entries) });
  return fileOf(header, new Uint8Array(end));
}

const safetensors: FuzzTarget = {
  name: 'a safetensors header',
  samples: [
    safetensorsFile('BF16', 2, { __metadata__: { format: 'pt', k: 'é' } }),
    safetensorsFile('F32', 4, {}),
    safetensorsFile('I64', 8, { __metadata__: null }),
  ],
  tokens: [
    '"dtype":"F32"',
    '"shape":[]',
    '"data_offsets":[0,0]',
    '"F64"',
    '"F4"',
    '"U8"',
    '"a"',
    '"__metadata__"',
    '[0,2]',
  ],
  // The data begins where a mutant's JSON most likely ends: after the last brace.
  repair(bytes) {
    const repaired = Buffer.from(bytes);
    const end = repaired.lastIndexOf('}') + 1;
    if (repaired.byteLength >= 8 && end > 8) repaired.writeBigUInt64LE(BigInt(end - 8));
    return new Uint8Array(repaired);
  },
  read(bytes) {
    const header = parseHeader(bytes, bytes.byteLength, 'model.safetensors');
    const json = JSON.parse(Buffer.from(bytes.subarray(8, header.headerByteLength)).toString()) as Record<
      string,
      unknown
    >;
    const { __metadata__: metadata = null, ...entries } = json;
    assert.deepEqual(header.metadata && Object.fromEntries(header.metadata), metadata);
    assert.deepEqual([...header.tensors.keys()].sort(), Object.keys(entries).sort());
    let end = header.headerByteLength;
    for (const { name, dtype, shape, byteOffset, byteLength } of header.tensors.values()) {
      const entry = entries[name] as { dtype: string; shape: number[]; data_offsets: [number, number] };
      assert.deepEqual([dtype, shape, byteOffset], [entry.dtype, entry.shape, end]);
      assert.equal(entry.data_offsets[0] + header.headerByteLength, byteOffset);
      assert.equal(entry.data_offsets[1] - entry.data_offsets[0], byteLength);
      end += byteLength;
    }
    assert.equal(end, bytes.byteLength);
  },
};

const v0 = { version: 0, dimensions: { ...dimensions, vocabSize: 300 }, groupSize: null } as const;
const v1 = { version: 1, dimensions, groupSize: null } as const;

const binHeader: FuzzTarget = {
  name: 'a .bin header',
  samples: [v0, v1, v2, v3].map((header) => {
    const bytes = encodeHeader(header);
    return bytes.length < 256 ? new Uint8Array(Buffer.concat([bytes], 256)) : bytes;
  }),
  tokens: ['24ka', 'ak42'],
  read(bytes) {
    const header = decodeHeader(bytes, 'model.bin');
    const again = encodeHeader(header);
    assert.deepEqual(again, bytes.slice(0, again.byteLength));
  },
};

/** Lengths and checksum of the footer as the rest would have them. */
export function repairFooter(bytes: Uint8Array): Uint8Array {
  const repaired = bytes.slice();
  const footer = repaired.byteLength - FOOTER_BYTES;
  const view = new DataView(repaired.buffer);
  const weightsEnd = footer >= 0 ? Number(view.getBigUint64(footer + 24, true)) : 0;
  if (footer < 0 || weightsEnd > footer) return repaired;
  view.setBigUint64(footer + 16, BigInt(repaired.byteLength - weightsEnd), true);
  repaired.set(sha256(repaired.subarray(weightsEnd, repaired.byteLength - 32)), repaired.byteLength - 32);
  return repaired;
}

const binFile: FuzzTarget = {
  name: 'a .bin file with a trailer',
  samples: [modelBytes(v1), modelBytes(v2), modelBytes(v3), modelBytes({ ...v0, dimensions })],
  tokens: ['"headDim":4', '"ropeScaling":null', '"chatTemplate":"{{"', '"eosIds":[4]', '"files":[]', 'llama.ts'],
  repair: repairFooter,
  async read(bytes) {
    const { header, layout, trailer } = await readBinFile(bytesSource(bytes, 'model.bin'));
    for (const { byteOffset, byteLength } of layout.tensors) assert.ok(byteOffset + byteLength <= bytes.byteLength);
    const head = encodeHeader(header);
    assert.deepEqual(head, bytes.slice(0, head.byteLength));
    if (trailer === null) assert.equal(layout.weightsEnd, bytes.byteLength);
    // What was understood is all there was to understand: written again, it reads the same.
    else {
      const again = encodeTrailer(trailer, layout.weightsEnd);
      const file = new Uint8Array(Buffer.concat([bytes.subarray(0, layout.weightsEnd), again]));
      assert.deepEqual((await readBinFile(bytesSource(file, 'again.bin'))).trailer, trailer);
    }
  },
};

const tokenizerBin: FuzzTarget = {
  name: 'tokenizer.bin',
  samples: [encodeTokenizerBin(tokenizer)],
  tokens: [],
  read(bytes) {
    const { tokens, scores } = decodeTokenizerBin(bytes, tokenizer.nTokens, 'tokenizer.bin');
    assert.equal(tokens.length, tokenizer.nTokens);
    assert.ok(scores.every(Number.isFinite));
    const total = tokens.reduce((sum, token) => sum + 8 + token.byteLength, 4);
    assert.equal(total, bytes.byteLength);
  },
};

function ggufFile(): Uint8Array {
  const { bytes } = serializeHeader(
    [
      { name: 'token_embd.weight', type: 'F16', shape: [4, 8] },
      { name: 'output_norm.weight', type: 'F32', shape: [8] },
    ],
    [['general.architecture', { kind: 'string', value: 'llama' }]],
  );
  return new Uint8Array(Buffer.concat([bytes, new Uint8Array(512)]));
}

const gguf: FuzzTarget = {
  name: 'a GGUF file where a .bin or a safetensors file should be',
  samples: [ggufFile()],
  tokens: ['GGUF', 'general.alignment'],
  async read(bytes) {
    for (const read of [
      () => parseHeader(bytes, bytes.byteLength, 'model.gguf'),
      () => readBinFile(bytesSource(bytes, 'model.gguf')),
    ]) {
      await assert.rejects(async () => read(), isToolkitError);
    }
    throw new ToolkitError('NOT_A_MODEL', 'refused by both');
  },
};

function quantizedFile(): Uint8Array {
  const { bytes, fileByteLength } = serializeHeader(
    [
      { name: 'token_embd.weight', type: 'Q8_0', shape: [2, 32] },
      { name: 'blk.0.attn_q.weight', type: 'IQ4_NL', shape: [2, 64] },
      { name: 'output_norm.weight', type: 'F32', shape: [8] },
    ],
    [
      ['general.architecture', { kind: 'string', value: 'llama' }],
      ['general.alignment', { kind: 'u32', value: 32 }],
      ['llama.rope.freq_base', { kind: 'f32', value: 500000 }],
      ['split.tensors.count', { kind: 'i32', value: 3 }],
      ['tokenizer.ggml.add_bos_token', { kind: 'bool', value: true }],
      ['tokenizer.ggml.tokens', { kind: 'array', of: 'string', values: ['a', 'é', ''] }],
      ['tokenizer.ggml.token_type', { kind: 'array', of: 'i32', values: [1, 3, 1] }],
    ],
  );
  return new Uint8Array(Buffer.concat([bytes], fileByteLength));
}

const ggufReader: FuzzTarget = {
  name: 'a GGUF file',
  samples: [ggufFile().subarray(0, -416), quantizedFile()],
  tokens: ['GGUF', 'general.alignment', 'token_embd.weight', 'tokenizer.ggml.tokens'],
  async read(bytes) {
    const file = await openGguf(bytesSource(bytes, 'model.gguf'));
    let end = file.dataByteOffset;
    for (const { name, type, shape, byteOffset, byteLength } of file.tensors.values()) {
      assert.ok(byteOffset >= end && byteOffset % file.alignment === 0 && byteOffset + byteLength <= bytes.byteLength);
      end = byteOffset + byteLength;
      const blocks = await file.read(name);
      const nValues = shape.reduce((product, n) => product * n, 1);
      if (isQuantizedTypeRead(type)) assert.equal(dequantize(type, blocks).length, nValues);
    }
    assert.ok(bytes.byteLength - end < file.alignment);
    for (const entry of file.metadata.values()) {
      if (entry.kind !== 'array' || entry.of !== 'string') continue;
      const all = Array.from({ length: entry.values.length }, (_, i) => entry.values.bytesAt(i).byteLength + 8);
      assert.ok(all.reduce((sum, n) => sum + n, 0) <= bytes.byteLength);
    }
  },
};

export const binaryTargets: readonly FuzzTarget[] = [safetensors, binHeader, binFile, tokenizerBin, gguf, ggufReader];
