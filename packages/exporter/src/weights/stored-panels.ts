// Reads tensors of v3, whose rows lie in panels of sixteen with their scales.

import { columnsOf, PANEL_ROWS, type PanelEncoding, panelBytes, panelScaleBytes, rowsOf } from '@llama-ts/format';
import { panelRows } from '@llama-ts/kernels';
import { panelMatrix } from './panel-matrix.js';
import type { StoredContext, StoredReading } from './stored-reading.js';

/** The reader of a tensor in panels. Rows of a panel may be asked for one after the other: it is read and hashed once. */
export function storedInPanels({ source, tensor, hash, notePadding }: StoredContext): StoredReading {
  const { byteOffset, scalesByteOffset } = tensor;
  const encoding = tensor.encoding as PanelEncoding;
  const [rows, columns] = [rowsOf(tensor), columnsOf(tensor)];
  const [nGroups, panelLength] = [columns / encoding.groupSize, panelBytes(encoding, columns)];
  const scaleBytes = 2 * nGroups * PANEL_ROWS;
  /** The last panels that were read, from panel `firstPanel` on. */
  let panels: Uint8Array = new Uint8Array(0);
  let firstPanel = 0;

  const readPanels = async (first: number, end: number): Promise<void> => {
    const nRead = firstPanel + panels.byteLength / panelLength;
    const kept = panels.slice((first - firstPanel) * panelLength);
    const read = await source.read(byteOffset + nRead * panelLength, (end - nRead) * panelLength);
    hash(read);
    for (let panel = nRead; panel < end; panel++) lookAtPadding(read.subarray((panel - nRead) * panelLength), panel);
    panels = kept.byteLength === 0 ? read : joined(kept, read);
    firstPanel = first;
  };
  const lookAtPadding = (panel: Uint8Array, index: number): void => {
    const start = byteOffset + index * panelLength;
    notePadding(panel.subarray(scaleBytes, panelScaleBytes(columns)), start + scaleBytes);
    const nRows = Math.min(PANEL_ROWS, rows - index * PANEL_ROWS);
    if (nRows === PANEL_ROWS) return;
    for (const { at, length } of absentRows(encoding, columns, nRows)) {
      notePadding(panel.subarray(at, at + length), start + at);
    }
  };
  return {
    end: scalesByteOffset,
    async readRows(firstRow, nRows) {
      const [first, end] = [Math.floor(firstRow / PANEL_ROWS), Math.ceil((firstRow + nRows) / PANEL_ROWS)];
      await readPanels(first, end);
      const start = firstPanel * PANEL_ROWS;
      const reader = panelRows(panelMatrix(encoding, Math.min(rows, end * PANEL_ROWS) - start, columns, panels));
      const values = new Int8Array(nRows * columns);
      const scales = new Float32Array(nRows * nGroups);
      for (let row = 0; row < nRows; row++) {
        values.set(reader.values(firstRow + row - start), row * columns);
        scales.set(reader.scales(firstRow + row - start), row * nGroups);
      }
      return { floats: null, values, scales };
    },
    hashScales() {},
  };
}

/** The bytes of a panel that belong to rows it does not have. */
function* absentRows(
  encoding: PanelEncoding,
  columns: number,
  nRows: number,
): Generator<{ readonly at: number; readonly length: number }> {
  const nAbsent = PANEL_ROWS - nRows;
  const nGroups = columns / encoding.groupSize;
  for (let group = 0; group < nGroups; group++) yield { at: 2 * (group * PANEL_ROWS + nRows), length: 2 * nAbsent };
  const start = panelScaleBytes(columns);
  const quads = (panelBytes(encoding, columns) - start) / (4 * PANEL_ROWS);
  for (let quad = 0; quad < quads; quad++) yield { at: start + 4 * (quad * PANEL_ROWS + nRows), length: 4 * nAbsent };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.byteLength + b.byteLength);
  bytes.set(a);
  bytes.set(b, a.byteLength);
  return bytes;
}
