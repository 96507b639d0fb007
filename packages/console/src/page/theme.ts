/** Light or dark: the system's until someone chooses, remembered in this browser. `public/theme.js` sets it before the first paint. */
import { computed, signal } from '@preact/signals';

type Theme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');
const system = signal<Theme>(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => {
  system.value = dark.matches ? 'dark' : 'light';
});

const said = document.documentElement.dataset.theme;
const chosen = signal<Theme | null>(said === 'light' || said === 'dark' ? said : null);

export const theme = computed<Theme>(() => chosen.value ?? system.value);

export function toggleTheme(): void {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  chosen.value = next;
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem('theme', next);
  } catch {
    // Storage is off: it lasts as long as the page.
  }
}
