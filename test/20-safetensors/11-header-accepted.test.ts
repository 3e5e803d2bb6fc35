// What a strict reader must still accept.

import { strict as assert } from 'node:assert';
import { DTYPES, dtypeBits, parseHeader } from '@llama-ts/safetensors';
import { fileOf } from './support.js';

const parse = (file: Uint8Array) => parseHeader(file, file.byteLength, 'f');

describe('the parser of safetensors headers', () => {
  it("reads the format's own example and gives absolute offsets", () => {
    const file = fileOf('{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}', new Uint8Array(16));
    const header = parse(file);
    assert.deepEqual(
      [...header.tensors.values()],
      [{ name: 'test', dtype: 'I32', shape: [2, 2], byteOffset: file.byteLength - 16, byteLength: 16 }],
    );
    assert.equal(header.metadata, null);
    assert.equal(header.headerByteLength, file.byteLength - 16);
  });

  it('accepts a file without tensors', () => {
    assert.equal(parse(fileOf('{}')).tensors.size, 0);
  });

  it('accepts white space before, within and after the object', () => {
    const text = ' \t\r\n{ "x" : { "dtype" : "U8" , "shape" : [ 1 ] , "data_offsets" : [ 0 , 1 ] } } \n ';
    assert.equal(parse(fileOf(text, 'a')).tensors.size, 1);
  });

  it('accepts __metadata__ that is null, empty, or a map of texts', () => {
    assert.equal(parse(fileOf('{"__metadata__":null}')).metadata, null);
    assert.deepEqual(parse(fileOf('{"__metadata__":{}}')).metadata, new Map());
    const text = '{"__metadata__":{"format":"pt","__proto__":"\\u00e9\\ud83d\\ude00","":"\\"\\\\\\/\\b\\f\\n\\r\\t"}}';
    assert.deepEqual(
      parse(fileOf(text)).metadata,
      new Map([
        ['format', 'pt'],
        ['__proto__', 'é😀'],
        ['', '"\\/\b\f\n\r\t'],
      ]),
    );
  });

  it('skips unknown fields with values of any type', () => {
    const extra = '"a":null,"b":[1,-2.5e+3,{"c":[[],{}]},true,false,"\\u0000"],"d":{"dtype":1,"":""}';
    const entry = `{${extra},"dtype":"U8","shape":[1],"data_offsets":[0,1]}`;
    assert.equal(parse(fileOf(`{"x":${entry}}`, 'a')).tensors.get('x')?.byteLength, 1);
  });

  it('accepts nesting of 128 levels in an unknown field', () => {
    const entry = `{"a":${'['.repeat(128)}${']'.repeat(128)},"dtype":"U8","shape":[0],"data_offsets":[0,0]}`;
    assert.equal(parse(fileOf(`{"x":${entry}}`)).tensors.size, 1);
  });

  it('accepts any tensor name, and uses none as a path or as a property of an object', () => {
    const names = ['__proto__', 'constructor', '', '../../etc/passwd', '\u001b[2J', 'ünïcödé', '\ufeffmark', '😀'];
    const entries = names.map((name) => `${JSON.stringify(name)}:{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`);
    assert.deepEqual([...parse(fileOf(`{${entries.join()}}`)).tensors.keys()], names);
  });

  it('lists tensors in the order of the data, whatever the order of the header', () => {
    const text =
      '{"y":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"e":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},' +
      '"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    assert.deepEqual([...parse(fileOf(text, 'ab')).tensors.keys()], ['x', 'e', 'y']);
  });

  for (const dtype of DTYPES) {
    it(`accepts ${dtype}, eight elements of ${dtypeBits(dtype)} bits, and a scalar where that is whole bytes`, () => {
      const width = dtypeBits(dtype);
      const entry = `{"x":{"dtype":"${dtype}","shape":[2,4],"data_offsets":[0,${width}]}}`;
      assert.equal(parse(fileOf(entry, new Uint8Array(width))).tensors.get('x')?.dtype, dtype);
      if (width < 8) return;
      const scalar = `{"x":{"dtype":"${dtype}","shape":[],"data_offsets":[0,${width / 8}]}}`;
      assert.equal(parse(fileOf(scalar, new Uint8Array(width / 8))).tensors.get('x')?.byteLength, width / 8);
    });
  }
});
