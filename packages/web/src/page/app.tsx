// Starts the page.

import { render } from 'preact';
import { registerOffline } from './offline/register.js';
import { App } from './parts/app.js';
import { applyTheme } from './parts/theme.js';
import { createController } from './state/controller.js';
import './styles/app.css';

applyTheme();
render(<App controller={await createController()} />, document.getElementById('page')!);
registerOffline();
