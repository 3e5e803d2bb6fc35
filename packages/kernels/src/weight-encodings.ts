// The properties of each encoding of weights: its number in a program, its checks, and its name in messages.
import { expectGroupSize, expectLength, expectMultiple, invalid } from './expect.js';
import type { Matrix, PanelMatrix } from './kernels.js';
import { CODEBOOK_LENGTH, PANEL_GROUP_SIZE, panelsByteLength } from './panels.js';

/** The numbers of `Encoding` in native/matrix.h. */
const codes = { float32: 0, q8: 1, q8Maxima: 2, q8Panels: 3, q4Panels: 4 } as const;

/** The number of a matrix's encoding in a program. */
export function encodingCode(matrix: Matrix): number {
  switch (matrix.dtype) {
    case 'F32':
      return codes.float32;
    case 'Q8_0':
      return matrix.scales instanceof Uint16Array ? codes.q8Maxima : codes.q8;
    case 'Q8':
      return codes.q8Panels;
    case 'Q4':
      return codes.q4Panels;
  }
}

/**
 * Whether one batch of activations serves both: they are multiplied with the same columns, and with float32 activations or with
 * ones that are quantized in the same groups. Panels want them in an order of their own.
 */
export function haveSameActivations(a: Matrix, b: Matrix): boolean {
  const haveSameOrder = isInPanels(a) ? isInPanels(b) : a.dtype === b.dtype;
  return haveSameOrder && a.cols === b.cols && groupSizeOf(a) === groupSizeOf(b);
}

/** Whether the rows of a matrix lie in panels. */
export function isInPanels(matrix: Matrix): matrix is PanelMatrix {
  return matrix.dtype === 'Q8' || matrix.dtype === 'Q4';
}

/** Weights that share a scale; 0 for an encoding without scales. */
export function groupSizeOf(matrix: Matrix): number {
  if (isInPanels(matrix)) return PANEL_GROUP_SIZE;
  return matrix.dtype === 'F32' ? 0 : matrix.groupSize;
}

/** Names the encoding and columns of a matrix in a message. */
export function describeMatrix(matrix: Matrix): string {
  const shape = `${matrix.dtype} (…, ${matrix.cols})`;
  return matrix.dtype === 'Q8_0' ? `${shape} by ${matrix.groupSize}` : shape;
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkMatrix(name: string, matrix: Matrix): void {
  const { rows, cols } = matrix;
  if (!(Number.isInteger(rows) && rows > 0 && Number.isInteger(cols) && cols > 0)) {
    throw invalid(`${name} has shape (${rows}, ${cols}), expected whole numbers above 0`);
  }
  if (isInPanels(matrix)) {
    checkPanels(name, matrix);
    return;
  }
  expectLength(`${name}.values`, matrix.values.length, rows * cols);
  if (matrix.dtype === 'F32') return;
  expectGroupSize(name, matrix.groupSize);
  expectMultiple(`${name}.cols`, cols, matrix.groupSize);
  expectLength(`${name}.scales`, matrix.scales.length, (rows * cols) / matrix.groupSize);
}

function checkPanels(name: string, matrix: PanelMatrix): void {
  const { dtype, rows, cols, panels } = matrix;
  expectMultiple(`${name}.cols`, cols, PANEL_GROUP_SIZE);
  expectLength(`${name}.panels`, panels.length, panelsByteLength(dtype, rows, cols));
  if (dtype === 'Q8') return;
  expectLength(`${name}.codebook`, matrix.codebook.length, CODEBOOK_LENGTH);
  if (matrix.codebook.includes(-128)) throw invalid(`${name}.codebook has -128, expected -127 to 127`);
}
