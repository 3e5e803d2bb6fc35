// Public names of @llama-ts/evaluate.

export {
  type Bounds,
  checkBoundNames,
  checkBounds,
  describeCheck,
  type Figures,
  type GateCheck,
  verdictLine,
} from './gate.js';
export {
  boundsFor,
  checkRulesMatch,
  parseThresholds,
  readThresholds,
  type TensorRule,
  type Thresholds,
} from './thresholds.js';
