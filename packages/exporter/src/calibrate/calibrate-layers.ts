// Quantizes the matrices of all layers, layer by layer, with what a text shows of the inputs of each.

import type { BinTensor, ForwardSettings, ModelDimensions, PanelEncoding } from '@llama-ts/format';
import type { Kernels } from '@llama-ts/kernels';
import type { WeightRows } from '../weights/weight-rows.js';
import { type CalibrationText, calibrationChunks } from './calibration.js';
import { factorMoments } from './factor.js';
import { type Chunk, createLayerPass, type LayerPass } from './layer-pass.js';
import {
  createLayerWeights,
  floatReader,
  type LayerMatrix,
  type LayerWeights,
  layerMatrices,
  type ReadFloats,
} from './layer-weights.js';
import { addMoments } from './moments.js';
import { createMatrixQuantizer, readPanels, type StoredMatrix } from './quantize-matrix.js';
import { startHidden } from './start-hidden.js';
import { createWorkspace, type Workspace } from './workspace.js';

/** A matrix of a layer as it goes into the file. */
export interface CalibratedTensor extends StoredMatrix {
  /** In the layout. */
  readonly index: number;
}

/** What a killed run has written of a tensor. */
export interface StoredTensorBytes {
  readonly encoding: PanelEncoding;
  /** Its panels. */
  read(): Promise<Uint8Array>;
}

/** Options of {@link calibrateLayers}. */
export interface CalibrateLayersOptions {
  readonly text: CalibrationText;
  /** Rows of tensors in any order. */
  readonly rows: WeightRows;
  readonly dimensions: ModelDimensions;
  readonly settings: ForwardSettings;
  /** The tensors of the file to write, in the order of its layout. */
  readonly tensors: readonly BinTensor[];
  /** Tensors that need not be quantized again, by their index in the layout. */
  readonly written: ReadonlyMap<number, StoredTensorBytes>;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal | undefined;
}

/** A point of a layer where a text stops: matrices that take the same inputs, and what follows from them. */
interface Stage {
  readonly kinds: readonly LayerMatrix[];
  inputs(pass: LayerPass, chunk: Chunk): Promise<Float32Array>;
  /** Goes on with the stored weights. */
  proceed?(pass: LayerPass, chunk: Chunk): Promise<void>;
}

const stages: readonly Stage[] = [
  {
    kinds: ['wq', 'wk', 'wv'],
    inputs: (pass, chunk) => pass.attentionInput(chunk),
    proceed: (pass, chunk) => pass.attend(chunk),
  },
  {
    kinds: ['wo'],
    inputs: async (pass, chunk) => pass.mixed(chunk),
    proceed: (pass, chunk) => pass.addAttention(chunk),
  },
  { kinds: ['w1', 'w3'], inputs: (pass, chunk) => pass.ffnInput(chunk) },
  {
    kinds: ['w2'],
    inputs: (pass, chunk) => pass.gated(chunk),
    proceed: (pass, chunk) => pass.addFfn(chunk),
  },
];

/** Whether a tensor is one of those that {@link calibrateLayers} quantizes. */
export function isCalibrated({ kind }: Pick<BinTensor, 'kind'>): boolean {
  return (layerMatrices as readonly string[]).includes(kind);
}

/**
 * Quantizes the matrices of the layers. The text goes through each layer as it is stored, so that later ones are chosen for
 * the inputs that they will have.
 *
 * @returns tensors, each valid until the next is asked for
 * @throws ToolkitError `BAD_TEXT`, `BAD_TOKEN_ID`, `BAD_WEIGHTS`, `TYPE_UNFIT`, `NON_FINITE`, and what the source throws
 * @see docs/arithmetic.md, rules 14 to 17
 */
export async function* calibrateLayers(options: CalibrateLayersOptions): AsyncGenerator<CalibratedTensor> {
  const { text, rows, dimensions, settings, tensors, written, kernels, signal } = options;
  const tokens = calibrationChunks(text, dimensions);
  const chunks = placesOf(tokens);
  const maxTokens = Math.max(...chunks.map(({ nTokens }) => nTokens));
  const places = tensors.map((tensor, index) => ({ tensor, index }));
  const ofLayer = (layer: number) => places.filter(({ tensor }) => tensor.layer === layer);
  const weights = createLayerWeights(
    dimensions,
    ofLayer(0).map(({ tensor }) => tensor),
    kernels,
  );
  const readFloats = floatReader({ rows, dimensions, kernels, signal });
  const hidden = await startHidden(tokens, { dimensions, tensors, readFloats, kernels });
  const pass = createLayerPass({ dimensions, settings, weights, hidden, maxTokens, kernels, signal });
  const workspace = createWorkspace(dimensions, maxTokens, kernels);
  const quantizer = createMatrixQuantizer({ dimensions, workspace, name: rows.name, kernels, signal });
  for (let layer = 0; layer < dimensions.nLayers; layer++) {
    const ofThis = new Map(ofLayer(layer).map((place) => [place.tensor.kind, place]));
    await readLayer(weights, [...ofThis.values()], written, readFloats);
    for (const { kinds, inputs, proceed } of stages) {
      signal?.throwIfAborted();
      const missing = kinds.map((kind) => ofThis.get(kind)!).filter(({ index }) => !written.has(index));
      const isFedBack = missing.some(({ tensor }) => tensor.encoding.id === 'Q4');
      const factor = isFedBack ? await factorOf(chunks, (chunk) => inputs(pass, chunk), workspace, options) : null;
      for (const { tensor, index } of missing) {
        const { values } = weights.matrix(tensor.kind as LayerMatrix);
        yield { index, ...(await quantizer(tensor, values, factor)) };
      }
      const isLast = layer === dimensions.nLayers - 1 && kinds.includes('w2');
      if (proceed === undefined || isLast) continue;
      for (const chunk of chunks) await proceed(pass, chunk);
    }
  }
}

/** The range of each chunk in the tokens of all chunks together. */
function placesOf(tokens: readonly Int32Array[]): readonly Chunk[] {
  let first = 0;
  return tokens.map(({ length }) => {
    const chunk = { first, nTokens: length };
    first += length;
    return chunk;
  });
}

/** The factor of the damped second moments of what `inputsOf` gives for all chunks. */
async function factorOf(
  chunks: readonly Chunk[],
  inputsOf: (chunk: Chunk) => Promise<Float32Array>,
  workspace: Workspace,
  { kernels, signal }: Pick<CalibrateLayersOptions, 'kernels' | 'signal'>,
) {
  let moments: ReturnType<Workspace['momentsOf']> | null = null;
  for (const chunk of chunks) {
    const x = await inputsOf(chunk);
    moments ??= workspace.momentsOf(x.length / chunk.nTokens);
    await addMoments(moments, x, workspace, kernels, signal);
  }
  const { size } = moments!;
  return factorMoments(moments!, { ...workspace, lower: workspace.factorOf(size) }, kernels, signal);
}

/** Fills the weights of a layer: those that are written as they are stored, the others as the source has them. */
async function readLayer(
  weights: LayerWeights,
  places: readonly { readonly tensor: BinTensor; readonly index: number }[],
  written: CalibrateLayersOptions['written'],
  readFloats: ReadFloats,
): Promise<void> {
  for (const { tensor, index } of places) {
    const { kind } = tensor;
    const into =
      kind === 'attentionNorm' || kind === 'ffnNorm' ? weights[kind] : weights.matrix(kind as LayerMatrix).values;
    const stored = written.get(index);
    if (stored !== undefined && isCalibrated(tensor)) {
      readPanels(into, tensor, stored.encoding, await stored.read());
    } else {
      const columns = tensor.shape.at(-1)!;
      await readFloats(tensor, (values, firstRow) => into.set(values, firstRow * columns));
    }
  }
}
