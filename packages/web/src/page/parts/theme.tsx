// Light, dark, or as the system has it; kept in the browser.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { IconButton } from './icon.js';

const NAME = 'llama-ts-theme';
const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

/** Shows the page in the theme that was chosen last. */
export function applyTheme(): Theme {
  const kept = readTheme();
  document.documentElement.dataset.theme = kept;
  return kept;
}

export function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState(readTheme);
  const next = (): void => {
    const following = themes[(themes.indexOf(theme) + 1) % themes.length]!;
    try {
      localStorage.setItem(NAME, following);
    } catch {
      // A browser that keeps nothing: the theme holds until the page is closed.
    }
    document.documentElement.dataset.theme = following;
    setTheme(following);
  };
  const names = { auto: 'as the system has it', light: 'light', dark: 'dark' };
  return <IconButton icon={theme} label={`Colours: ${names[theme]}`} onClick={next} />;
}

function readTheme(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(NAME)) ?? 'auto';
  } catch {
    return 'auto';
  }
}
