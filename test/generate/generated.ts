/** The files that are made from code and committed: `node test/generate/generated.ts` says which are out of date, `--write` writes them. */
import { readFile, writeFile } from 'node:fs/promises';
import { settings } from '@sabha/contracts';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { dashboardFiles } from '../../dashboards/grafana/generate.ts';
import { channelSettings } from '../../flows/notify/people/channels/channels.ts';
import { operatePage } from '../house/page.ts';
import { probesPage } from '../house/probe-rows.ts';
import { asyncApi } from './asyncapi.ts';
import { openApi } from './openapi.ts';
import { promisesPage } from './promises.ts';

/** A file that is made from code, and how. */
export type Generated = { file: string; make(): string | Promise<string> };

/** One row for each file. */
const list: Generated[] = [
  { file: 'broker/contracts/sabha.schema.json', make: settingsSchema },
  { file: 'broker/contracts/asyncapi.json', make: asyncApi },
  { file: 'flows/api/openapi.json', make: openApi },
  { file: 'test/PROMISES.md', make: promisesPage },
  { file: 'docs/probes.md', make: probesPage },
  { file: 'docs/operate.md', make: operatePage },
  ...dashboardFiles,
];

/** The names of the files that are not what their code makes; with `write` they are so afterwards. */
export async function outOfDate(rows: readonly Generated[], root: URL, write: boolean): Promise<string[]> {
  const stale: string[] = [];
  for (const { file, make } of rows) {
    const place = new URL(file, root);
    const wanted = await make();
    const found = await readFile(place, 'utf8').catch(() => undefined);
    if (found === wanted) continue;
    stale.push(file);
    if (write) await writeFile(place, wanted);
  }
  return stale;
}

/** Checks that JSON Schema cannot say (an id that is reserved, a time zone) are left to `readCentreSettings`. */
function settingsSchema(): string {
  const schema = toJsonSchema(v.strictObject({ ...settings.entries, channels: channelSettings }), {
    typeMode: 'input',
    errorMode: 'ignore',
  });
  return `${JSON.stringify({ title: 'Settings of Sabha', ...schema }, null, 2)}\n`;
}

if (import.meta.main) {
  const write = process.argv.includes('--write');
  const stale = await outOfDate(list, new URL('../../', import.meta.url), write);
  for (const file of stale) console.log(write ? `written: ${file}` : `out of date: ${file} (npm run generate)`);
  process.exitCode = stale.length > 0 && !write ? 1 : 0;
}
