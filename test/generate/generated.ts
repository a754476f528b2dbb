/** Checks the committed generated files: `node test/generate/generated.ts` lists the outdated ones, `--write` writes them. */
import { readFile, writeFile } from 'node:fs/promises';
import { settings } from '@sabha/contracts';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { dashboardFiles } from '../../dashboards/grafana/generate.ts';
import { channelSettings } from '../../flows/notify/people/channels/channels.ts';
import { asyncApi } from './asyncapi.ts';
import { openApi } from './openapi.ts';
import { referencePages } from './reference.ts';

export type Generated = { file: string; make(): string | Promise<string> };

const list: Generated[] = [
  { file: 'broker/contracts/sabha.schema.json', make: settingsSchema },
  { file: 'broker/contracts/asyncapi.json', make: asyncApi },
  { file: 'flows/api/openapi.json', make: openApi },
  ...referencePages,
  ...dashboardFiles,
];

/** Returns the names of the outdated files; with `write` it also updates them. */
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

/** Returns the JSON Schema of the settings. Checks beyond JSON Schema (a reserved id, a time zone) are left to `readFlowsSettings`. */
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
