# Quantizes float32 rows with the library that node-llama-cpp comes with: python3 ggml-quantize.py LIBRARY COLUMNS < floats > blocks

import ctypes
import sys

BLOCK_VALUES, BLOCK_BYTES = 32, 18

library, columns = ctypes.CDLL(sys.argv[1]), int(sys.argv[2])
library.quantize_iq4_nl.restype = ctypes.c_size_t
library.quantize_iq4_nl.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
floats = sys.stdin.buffer.read()
rows = len(floats) // 4 // columns
blocks = ctypes.create_string_buffer(rows * columns // BLOCK_VALUES * BLOCK_BYTES)
written = library.quantize_iq4_nl(floats, blocks, rows, columns, None)
assert written == len(blocks), written
sys.stdout.buffer.write(blocks.raw)
