// @module-tag long
/** Tests backup and restore with the real processes and the commands of docs/operations/backup.md, in place and on an empty machine. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IncidentRow } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { ask, createSite, isUp, type Site, sabha, startCentre } from './centre-under-test.ts';

/** Limit in ms for a start without a compile cache on a busy machine. */
const patienceMs = 240_000;

async function newSite(settings: object = {}): Promise<Site> {
  const site = await createSite(settings);
  onTestFinished(() => site.remove());
  return site;
}

test('F30 a server is restored in place and on an empty machine, lost actions of people are reported, and the PC reconnects', async () => {
  const site = await newSite();
  const second = join(site.folder, 'second');
  const secret = join(site.folder, 'secret');
  mkdirSync(second);
  writeFileSync(secret, 'correct horse battery\n', { mode: 0o600 });
  site.configure({ backup: { folder: second, passphraseFile: secret } });
  const centre = startCentre(site);
  await isUp(centre, patienceMs);
  const file = join(site.folder, 'sabha.backup');
  expect((await sabha(site, 'accounts', 'add', 'asha', '--role', 'reader')).code).toBe(0);
  expect(await sabha(site, 'backup', file)).toMatchObject({ code: 0, json: { file } });
  expect(readdirSync(second)).toEqual(readdirSync(join(site.data, 'flows', 'backups')));
  expect((await sabha(site, 'accounts', 'add', 'ravi', '--role', 'reader')).code).toBe(0);
  expect(await sabha(site, 'restore', file, '--passphrase-file', secret)).toMatchObject({
    code: 1,
    err: expect.stringContaining('runs: stop it first'),
  });
  // The clean stop writes the mark with the newest act.
  expect((await sabha(site, 'accounts', 'add', 'meera', '--role', 'reader')).code).toBe(0);
  await centre.stop();
  expect(readFileSync(join(site.data, 'broker', 'ledger-mark.json'), 'utf8')).toContain('meera');
  expect((await sabha(site, 'restore', file)).err).toMatch('it is encrypted: --passphrase-file names the file');

  expect((await sabha(site, 'restore', file, '--passphrase-file', secret)).code).toBe(0);
  const again = startCentre(site);
  await again.says((line) => /restored from a backup of .* 2 acts of people are lost: anil: account/.test(line.msg), patienceMs);
  await isUp(again, patienceMs);
  const audit = await sabha(site, 'verify', '--now');
  expect(audit).toMatchObject({
    code: 1,
    json: { gaps: 0, twice: 0, altered: 0, integrity: 'ok', older: expect.stringContaining('are lost') },
  });
  const older = async () =>
    (await ask<IncidentRow[]>(site.ports, '/api/incidents?open=true')).flatMap(({ faults }) => faults.map(({ fault }) => fault));
  await expect.poll(older, { timeout: 30_000 }).toContain('centre.ledger_older');
  await again.stop();

  const other = await newSite();
  expect((await sabha(other, 'restore', file, '--check', '--passphrase-file', secret)).code).toBe(0);
  expect(existsSync(join(other.data, 'flows'))).toBe(false);
  // Keeps the settings file, because the restored server needs the ports of this machine.
  const settings = readFileSync(join(other.folder, 'sabha.json'));
  expect((await sabha(other, 'restore', file, '--passphrase-file', secret)).code).toBe(0);
  writeFileSync(join(other.folder, 'sabha.json'), settings);
  const elsewhere = startCentre(other);
  await isUp(elsewhere, patienceMs);
  expect(await ask<{ name: string }[]>(other.ports, '/api/accounts')).toMatchObject([{ name: 'asha' }]);
  await elsewhere.stop();
});
