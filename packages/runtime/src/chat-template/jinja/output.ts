// The output of a template.

import { make, step } from './meter.js';
import { Text } from './text.js';

export class Output {
  readonly #parts: Text[] = [];

  add(text: Text): void {
    if (text.length === 0) return;
    step();
    // The parts are put together in the end.
    make(text.length);
    this.#parts.push(text);
  }

  text(): Text {
    return this.#parts.length === 0 ? Text.template('') : Text.join(this.#parts);
  }
}
