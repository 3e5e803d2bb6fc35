// Where the hub and its cache are, as the environment says.

import { devNull } from 'node:os';
import { hubSettingsFromEnv } from '@llama-ts/exporter';
import { homeFolder } from './home-folder.js';

/** Stands for the home of a user who has none: nothing is found there, and a cache in it is refused with a remedy. */
const NO_HOME = devNull;

/** What HF_HOME, HF_ENDPOINT and the other variables of the Python client say. */
export function hubSettings() {
  return hubSettingsFromEnv(process.env, homeFolder() ?? NO_HOME);
}
