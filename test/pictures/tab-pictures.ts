/**
 * `npm run pictures:tabs`: takes a picture of each tab from the editor, with the tabs of the release, into docs/pictures or the given
 * folder.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSite, startCentre } from '../system/centre-under-test.ts';
import { openBrowser } from './browser.ts';
import { faultsOfDrawing, openEditor, pictureOf, pictureTab, tabsShown } from './tabs.ts';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/pictures', import.meta.url));
const limitBytes = 100 * 1_024;
/** Upper limit in ms, for a start on a busy machine. */
const startLimitMs = 600_000;

const site = await createSite({ editor: true });
try {
  const centre = startCentre(site);
  await centre.says('Sabha runs', startLimitMs);
  const browser = await openBrowser();
  try {
    mkdirSync(folder, { recursive: true });
    const page = await openEditor(browser, site);
    for (const tab of tabsShown) {
      take(join(folder, pictureOf(tab)), await pictureTab(page, tab));
      const faults = await faultsOfDrawing(page, tab);
      if (faults.length > 0) throw new Error(`${tab}: ${faults.join('; ')}`);
    }
  } finally {
    await browser.close();
    await centre.stop();
  }
} finally {
  site.remove();
}

function take(path: string, picture: Buffer): void {
  if (picture.length > limitBytes) throw new Error(`${path} is larger than a page should carry`);
  writeFileSync(path, picture);
  process.stdout.write(`${path}: ${Math.ceil(picture.length / 1_024)} KB\n`);
}
