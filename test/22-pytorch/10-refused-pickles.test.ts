// A hundred pickles that are refused, each for its own reason: what attackers write, what other programs write, and damage.

import { strict as assert } from 'node:assert';
import { MAX_CONTAINERS, MAX_DEPTH, MAX_MARKS, MAX_MEMO, MAX_STACK, MAX_TEXT_BYTES, unpickle } from '@llama-ts/pytorch';
import { assemble, type Code, dict, failureOf, op, orderedDict, persistentId, pickle, tensor } from './support.js';

/** A title, a pickle, and what its refusal must say. */
type Case = readonly [title: string, bytes: Uint8Array, message: RegExp, code?: string];

const LIMIT = 'LIMIT_EXCEEDED';
const TENSOR = 'PYTORCH_TENSOR';
const call = (module: string, name: string, ...args: Code): Uint8Array =>
  pickle(op.global(module, name), op.mark, ...args, op.tuple, op.reduce);
const refers = (name: string): RegExp => new RegExp(`refers to "${name.replaceAll('.', '\\.')}".*nothing was executed`);
const names = (opcode: string): RegExp => new RegExp(`opcode ${opcode}, .*nothing was executed`);
const parts = (n: number, part: Uint8Array | string): Code => Array.from({ length: n }, () => part);

/** Functions that attacks call, and others that a pickle of another program refers to. */
const foreignNames: readonly (readonly [string, string])[] = [
  ['os', 'system'],
  ['posix', 'system'],
  ['nt', 'system'],
  ['subprocess', 'Popen'],
  ['subprocess', 'check_output'],
  ['builtins', 'eval'],
  ['builtins', 'exec'],
  ['builtins', 'getattr'],
  ['builtins', '__import__'],
  ['__builtin__', 'eval'],
  ['importlib', 'import_module'],
  ['runpy', '_run_code'],
  ['webbrowser', 'open'],
  ['socket', 'create_connection'],
  ['shutil', 'rmtree'],
  ['pickle', 'loads'],
  ['torch', 'load'],
  ['torch.hub', 'load'],
  ['torch.storage', '_load_from_bytes'],
  ['torch._utils', '_rebuild_tensor'],
  ['torch._utils', '_rebuild_sparse_tensor'],
  ['torch._utils', '_rebuild_qtensor'],
  ['torch._tensor', '_rebuild_from_type_v2'],
  ['torch', 'Tensor'],
  ['torch', 'QInt8Storage'],
  ['torch', 'ComplexFloatStorage'],
  ['numpy.core.multiarray', '_reconstruct'],
  ['numpy', 'dtype'],
  ['collections', 'defaultdict'],
  ['argparse', 'Namespace'],
  ['__main__', 'ModelArgs'],
  ['transformers.training_args', 'TrainingArguments'],
  ['operator', 'attrgetter'],
  ['functools', 'partial'],
];

const cases: readonly Case[] = [
  ...foreignNames.map(
    ([module, name]): Case => [
      `calls ${module}.${name}`,
      call(module, name, op.text('x')),
      refers(`${module}.${name}`),
    ],
  ),
  ['refers to a known name of another module', call('os', 'OrderedDict'), refers('os.OrderedDict')],
  [
    'refers to an attribute of a known name',
    call('collections', 'OrderedDict.__init__'),
    refers('collections.OrderedDict.__init__'),
  ],
  ['hides a function in a name with a space', call('torch FloatStorage', 'x'), refers('torch FloatStorage.x')],
  ['refers to a name with control characters', call('\x1b[2J', 'x'), /refers to "\\u001b\[2J\.x"/],
  [
    'refers to a function in an unused value',
    pickle(op.emptyDict, op.global('os', 'system'), op.stop),
    refers('os.system'),
  ],

  ['creates an object of a class (INST)', pickle(op.mark, op.text('x'), 'ios\nsystem\n'), names('INST')],
  ['creates an object of a class (OBJ)', pickle(op.mark, op.none, 'o'), names('OBJ')],
  [
    'creates an object of a class (NEWOBJ)',
    pickle(op.global('torch', 'FloatStorage'), op.emptyTuple, '\x81'),
    names('NEWOBJ'),
  ],
  ['creates an object with named arguments (NEWOBJ_EX)', pickle(op.none, op.none, op.none, '\x92'), names('NEWOBJ_EX')],
  [
    'looks a function up by texts on the stack (STACK_GLOBAL)',
    pickle(op.text('os'), op.text('system'), '\x93'),
    names('STACK_GLOBAL'),
  ],
  ['looks a function up by a number (EXT1)', pickle('\x82\x01'), names('EXT1')],
  ['looks a function up by two bytes (EXT2)', pickle('\x83\x01\x00'), names('EXT2')],
  ['looks a function up by four bytes (EXT4)', pickle('\x84\x01\x00\x00\x00'), names('EXT4')],
  ['asks for a persistent id of a line (PERSID)', pickle('Px\n'), names('PERSID')],
  ['duplicates the top of the stack (DUP)', pickle(op.none, '2'), names('DUP')],
  ['drops the top of the stack (POP)', pickle(op.none, '0'), names('POP')],
  ['drops values up to a mark (POP_MARK)', pickle(op.none, op.mark, '1'), names('POP_MARK')],
  ['holds a number as a line (INT)', pickle('I1\n'), names('INT')],
  ['holds a long number as a line (LONG)', pickle('L1L\n'), names('LONG')],
  ['holds a number of 2 GB (LONG4)', pickle('\x8b\xff\xff\xff\x7f'), names('LONG4')],
  ['holds a float as a line (FLOAT)', pickle('F1.0\n'), names('FLOAT')],
  ['holds a quoted text (STRING)', pickle("S'x'\n"), names('STRING')],
  ['holds bytes of Python 2 (SHORT_BINSTRING)', pickle('U\x01x'), names('SHORT_BINSTRING')],
  ['holds an escaped text (UNICODE)', pickle('Vx\n'), names('UNICODE')],
  ['holds bytes (BINBYTES)', pickle('B\x01\0\0\0x'), names('BINBYTES')],
  ['holds a byte array in the memory of the reader (NEXT_BUFFER)', pickle('\x97'), names('NEXT_BUFFER')],
  ['holds a set (EMPTY_SET)', pickle('\x8f'), names('EMPTY_SET')],
  ['memoizes by a line (PUT)', pickle(op.none, 'p0\n'), names('PUT')],
  ['recalls by a line (GET)', pickle('g0\n'), names('GET')],
  ['makes a dict of what is on the stack (DICT)', pickle(op.mark, 'd'), names('DICT')],
  ['frames its opcodes (FRAME)', pickle(`\x95${'\0'.repeat(8)}`), names('FRAME')],
  ['has an opcode that pickle does not have', pickle('\xff'), names('0xff')],
  ['is of protocol 4', assemble(op.proto(4), op.none, op.stop), /pickle protocol 4, expected 2/],
  ['is of protocol 0', assemble('N.'), /begins with no PROTO/],
  ['says its protocol twice', pickle(op.proto(), op.none), names('PROTO')],

  ['calls a class of storages', call('torch', 'FloatStorage', op.int1(8)), /calls torch FloatStorage, expected/],
  ['calls a text', pickle(op.text('x'), op.emptyTuple, op.reduce), /calls a text, expected a function/],
  ['calls a dict', pickle(...orderedDict, op.emptyTuple, op.reduce), /calls a dict, expected a function/],
  [
    'calls a function with a list',
    pickle(op.global('collections', 'OrderedDict'), op.emptyList, op.reduce),
    /with a list, expected a tuple/,
  ],
  ['makes an OrderedDict of arguments', call('collections', 'OrderedDict', op.emptyList), /OrderedDict of 1 arguments/],
  [
    'makes a Parameter of a text',
    call('torch._utils', '_rebuild_parameter', op.text('x'), op.true, ...orderedDict),
    /makes a Parameter/,
  ],
  ['sets attributes of a tensor', pickle(...tensor(), op.emptyDict, op.build), /sets attributes of a tensor to a dict/],
  [
    'sets attributes of a function',
    pickle(op.global('torch', 'FloatStorage'), op.emptyDict, op.build),
    /sets attributes of the global/,
  ],
  ['sets attributes to a tuple', pickle(op.emptyDict, op.emptyTuple, op.build), /sets attributes of a dict to a tuple/],

  ['has a text as a persistent id', pickle(op.text('storage'), op.persistent), /has a text as a persistent id/],
  [
    'has a persistent id of a module',
    pickle(op.mark, op.text('module'), op.none, op.none, op.none, op.none, op.tuple, op.persistent),
    /as a persistent id/,
  ],
  [
    'has a persistent id with a view of another storage',
    pickle(...persistentId().slice(0, -1), op.none, op.tuple, op.persistent),
    /as a persistent id/,
  ],
  [
    'keeps a storage at a path',
    pickle(...persistentId({ key: '../../etc/passwd' }), op.persistent),
    /names a storage "\.\.\/\.\.\/etc\/passwd"/,
  ],
  [
    'keeps a storage of −1 elements',
    pickle(...persistentId({ nStored: -1 }), op.persistent),
    /has no number of elements/,
  ],
  [
    'has a tensor of fewer facts',
    call('torch._utils', '_rebuild_tensor_v2', op.none),
    /a tensor of 1 facts, expected 6/,
    TENSOR,
  ],
  [
    'has a tensor in a dict',
    call('torch._utils', '_rebuild_tensor_v2', ...orderedDict, ...parts(5, op.none)),
    /a tensor in a dict/,
    TENSOR,
  ],
  [
    'has a tensor with a hook',
    pickle(...tensor({ hooks: dict({ x: [op.none] }) })),
    /has hooks, which are code/,
    TENSOR,
  ],
  ['has a tensor of a negative length', pickle(...tensor({ shape: [-2, 3] })), /has -2 in its sizes/, TENSOR],
  [
    'has a tensor of a fractional length',
    pickle(
      op.global('torch._utils', '_rebuild_tensor_v2'),
      op.mark,
      ...persistentId(),
      op.persistent,
      op.int1(0),
      op.float(1.5),
      op.tuple1,
      op.int1(1),
      op.tuple1,
      op.false,
      ...orderedDict,
      op.tuple,
      op.reduce,
    ),
    /has 1.5 in its sizes/,
    TENSOR,
  ],
  [
    'has a tensor of more elements than 2^53',
    pickle(...tensor({ shape: [2 ** 30, 2 ** 30], strides: [1, 1] })),
    /more elements than 2\^53/,
    TENSOR,
  ],
  [
    'has a tensor with strides of 0, larger than its storage',
    pickle(...tensor({ shape: [2, 3], strides: [0, 1] })),
    /has strides \[0,1\]/,
    TENSOR,
  ],
  [
    'has a transposed tensor',
    pickle(...tensor({ shape: [2, 3], strides: [1, 2] })),
    /has strides \[1,2\], .*contiguous\(\)/,
    TENSOR,
  ],
  [
    'has a tensor with other strides than dimensions',
    pickle(...tensor({ strides: [1] })),
    /1 strides for 2 dimensions/,
    TENSOR,
  ],
  [
    'has a tensor that ends after its storage',
    pickle(...tensor({ offset: [op.int1(1)] })),
    /elements 1 to 7, expected at most its 6/,
    TENSOR,
  ],
  [
    'has a tensor that begins before its storage',
    pickle(...tensor({ offset: [op.int(-1)] })),
    /begins at element -1/,
    TENSOR,
  ],
  [
    'has a tensor of 100 dimensions',
    pickle(...tensor({ shape: Array(100).fill(1) })),
    /100 dimensions, expected at most 64/,
    LIMIT,
  ],

  ['puts a list into itself', pickle(op.emptyList, op.put(0), op.get(0), op.append), /puts a value into itself/],
  [
    'puts a list into a tuple in itself',
    pickle(op.emptyList, op.put(0), op.mark, op.get(0), op.tuple1, op.appends),
    /changes a value that another one holds/,
  ],
  [
    'changes a dict that another one holds',
    pickle(...dict({}), op.put(0), op.tuple1, op.get(0), op.text('x'), op.none, op.setItem),
    /changes a value that another one holds/,
  ],
  [
    'has a key twice',
    pickle(op.emptyDict, op.mark, ...parts(2, op.text('x')), ...parts(2, op.text('x')), op.setItems),
    /has the key "x" twice/,
  ],
  ['has a tensor as a key', pickle(op.emptyDict, ...tensor(), op.none, op.setItem), /has a tensor as a key/],
  ['has a key without a value', pickle(op.emptyDict, op.mark, op.text('x'), op.setItems), /a key without a value/],
  ['sets an item of a list', pickle(op.emptyList, op.text('x'), op.none, op.setItem), /sets items of a list/],
  ['appends to a dict', pickle(op.emptyDict, op.none, op.append), /appends to a dict/],
  ['recalls what was never memoized', pickle(op.get(7)), /memo 7 is empty/],
  ['memoizes nothing', pickle(op.put(0)), /uses a value that is not there/],
  ['takes a value before a mark', pickle(op.none, op.mark, op.tuple1), /takes 1 values, which are not there/],
  ['goes back to a missing mark', pickle(op.none, op.tuple), /a mark that is not there/],
  ['ends with two values', pickle(op.none, op.none), /ends with 1 more values/],
  ['ends with nothing', pickle(), /takes a value that is not there/],
  ['ends within a mark', pickle(op.mark, op.none), /ends within a mark/],
  ['has bytes after its end', assemble(pickle(op.none), 'x'), /bytes after its end/],
  ['ends without STOP', assemble(op.proto(), op.none), /1 more bytes, expected them before the end/],
  ['is empty', new Uint8Array(0), /1 more bytes, expected them before the end/],
  ['is cut off in a number', assemble(op.proto(), 'J\0\0'), /4 more bytes/],
  ['is cut off in a text', assemble(op.proto(), 'X\x05\0\0\0abc'), /5 more bytes/],
  ['holds a text that is not UTF-8', pickle('X\x01\0\0\0\xff'), /not UTF-8/],

  ['claims a text of 4 GB', pickle('X\xff\xff\xff\xff'), /a text of 4294967295 bytes/, LIMIT],
  [
    'holds a text longer than any name',
    pickle(op.text('x'.repeat(MAX_TEXT_BYTES + 1))),
    /a text of 65537 bytes/,
    LIMIT,
  ],
  ['refers to a name without an end', pickle(`c${'x'.repeat(1000)}`), /a name of over 256 bytes/, LIMIT],
  ['holds a number of 255 bytes', pickle(op.long1(...Array(255).fill(1))), /a whole number of 255 bytes/, LIMIT],
  ['holds a number past 2^53', pickle(op.long1(...Array(7).fill(0xff), 0x7f)), /past 2\^53/, LIMIT],
  [
    'memoizes at the number 2^32 − 1',
    pickle(op.none, op.longPut(2 ** 32 - 1)),
    new RegExp(`expected less than ${MAX_MEMO}`),
    LIMIT,
  ],
  ['opens marks without end', pickle(...parts(MAX_MARKS + 1, op.mark)), /open marks/, LIMIT],
  ['fills the stack without end', pickle(...parts(MAX_STACK + 1, op.none)), /values on the stack/, LIMIT],
  [
    'nests tuples without end',
    pickle(op.none, ...parts(MAX_DEPTH + 1, op.tuple1)),
    new RegExp(`expected at most ${MAX_DEPTH}`),
    LIMIT,
  ],
  [
    'holds dicts without end',
    pickle(op.emptyList, ...parts(MAX_CONTAINERS / 1000, assemble(op.mark, ...parts(1000, op.emptyDict), op.appends))),
    /tuples, lists and dicts/,
    LIMIT,
  ],
];

describe('a pickle that no dict of tensors needs', () => {
  for (const [title, bytes, message, code = 'PYTORCH_PICKLE'] of cases) {
    it(`is refused when it ${title}`, async () => {
      const error = await failureOf(() => unpickle(bytes, 'model.pth'));
      assert.match(error.message, message);
      assert.equal(error.code, code);
      assert.ok(error.message.startsWith('model.pth'));
      assert.ok(error.suggestions.length > 0);
    });
  }

  it('is refused in a hundred ways at least', () => {
    assert.ok(cases.length >= 100, String(cases.length));
    assert.equal(new Set(cases.map(([title]) => title)).size, cases.length);
  });
});
