// Touches memory and gives it back, so that what runs next finds some at hand: the host of a virtual machine may have taken what
// was free, and returns it slowly. node bench/engines/touch-memory.mjs BYTES

const PIECE_BYTES = 256 * 1024 * 1024;

const pieces = [];
for (let left = Number(process.argv[2]); left > 0; left -= PIECE_BYTES) {
  pieces.push(Buffer.alloc(Math.min(PIECE_BYTES, left), 1));
}
