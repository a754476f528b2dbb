import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('style.css', import.meta.url), 'utf8');
const palette = Object.fromEntries(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [name, [light, dark]]),
);

function luminance(hex = '#000000'): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string, theme: 0 | 1): number {
  const [x = 0, y = 0] = [luminance(palette[a]?.[theme]), luminance(palette[b]?.[theme])].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}

test.each(['ink', 'dim', 'ok', 'unproven', 'fault', 'warn', 'unknown'])(
  '%s has a contrast of at least 4.5 on every background, dark and light',
  (name) => {
    for (const ground of ['bg', 'panel', 'raised']) {
      for (const theme of [0, 1] as const) expect([ground, theme, contrast(name, ground, theme) >= 4.5]).toEqual([ground, theme, true]);
    }
  },
);

test('the main button has a contrast of at least 4.5, and edges of controls at least 3', () => {
  for (const theme of [0, 1] as const) {
    expect(contrast('on-link', 'link', theme)).toBeGreaterThanOrEqual(4.5);
    expect(contrast('edge', 'panel', theme)).toBeGreaterThanOrEqual(3);
    expect(contrast('link', 'bg', theme)).toBeGreaterThanOrEqual(3);
  }
});
