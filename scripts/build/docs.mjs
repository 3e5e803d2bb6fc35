// npm run docs: the API of every library as web pages in api-docs/; a warning is an error.

import { commandFile, runNode } from '../npm.mjs';

runNode(commandFile('typedoc'));
