/** Starts the Chromium of this machine, headless and without background network requests. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Path of Chromium; undefined if it is not installed. */
export const browserProgram = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((dir) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(dir, name)))
  .find((path) => existsSync(path));

const closedNetwork = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

export async function openBrowser(): Promise<Browser> {
  if (browserProgram === undefined) throw new Error('Chromium is not installed');
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', ...closedNetwork];
  return await chromium.launch({ executablePath: browserProgram, args });
}
