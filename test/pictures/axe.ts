/** Finds accessibility problems with axe on a page in a real browser. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function axeFaults(page: Page, which: 'serious' | 'all' = 'serious'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  return page.evaluate(async (isAll) => {
    const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run({ resultTypes: ['violations'] });
    const bad = violations.filter(({ impact }) => isAll || impact === 'serious' || impact === 'critical');
    return bad.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3)}`);
  }, which === 'all');
}
