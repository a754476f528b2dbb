// @module-tag long
/** Tests verification, erasure and a changed row of the audit log, with the real processes and the commands of docs/operations/audit.md. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { createSite, isUp, sabha, startCentre } from './centre-under-test.ts';

const patienceMs = 240_000;

test('S19 a person is erased from every file of the ledger at run time, the chain is still valid, and a changed row is named', async () => {
  const site = await createSite({});
  onTestFinished(() => site.remove());
  const said = async (...args: string[]) => (await sabha(site, ...args)).json;
  const centre = startCentre(site);
  await isUp(centre, patienceMs);
  const csv = join(site.folder, 'roster.csv');
  writeFileSync(csv, 'id,name,roles,scopes,phone,email\nasha-k,Asha Kumari,central,all,+919876543210,asha.k@office.test\n');
  expect(await said('roster', 'import', csv, '--yes')).toMatchObject({ applied: true });
  await said('roster', 'leave', 'asha-k', '2027-01-05');
  const before = await said('people', 'export', 'Asha Kumari');
  expect(before.rows.map(({ table }: { table: string }) => table)).toEqual(expect.arrayContaining(['roster', 'audit']));
  expect(await said('people', 'forget', 'Asha Kumari', '--yes')).toMatchObject({ applied: true });
  const flows = join(site.data, 'flows');
  const traces = () => {
    const files = readdirSync(flows).filter((name) => name.startsWith('ledger.db'));
    const texts = [...files.map((name) => join(flows, name)), join(site.data, 'broker', 'ledger-mark.json')];
    return texts.filter((file) => /Kumari|9876543210|asha[-.]k/i.test(readFileSync(file, 'latin1')));
  };
  await expect.poll(traces, { timeout: 30_000 }).toEqual([]);
  expect(await said('verify', '--now')).toMatchObject({ integrity: 'ok', chain: { forgotten: 3, wrong: [] } });
  const [signed, forgotten] = await said('audit', 'log');
  expect([signed.what, forgotten.what, forgotten.about]).toEqual([
    'head signed',
    'person forgotten',
    expect.stringMatching(/^rows \d[\d, -]* of the audit, /),
  ]);
  await centre.stop();

  const db = new DatabaseSync(join(flows, 'ledger.db'));
  db.exec("UPDATE audit SET who = 'ravi' WHERE what = 'person forgotten'");
  db.close();
  const again = startCentre(site);
  await isUp(again, patienceMs);
  const found = await said('verify', '--now');
  expect(found.chain.wrong).toEqual([
    expect.stringMatching(new RegExp(`^row ${forgotten.id} .* does not follow from row ${forgotten.id - 1}: `)),
  ]);
  await again.stop();
});
