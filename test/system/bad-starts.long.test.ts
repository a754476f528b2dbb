// @module-tag long
/**
 * Tests each reason why a part refuses to start: the part prints one line, and all of Sabha ends. `bad-input.long.test.ts` has one reason
 * of each kind, and input at run time.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSigningKeys } from '@sabha/contracts';
import { describe, test } from 'vitest';
import { isUp, startCentre } from './centre-under-test.ts';
import { refused, siteUntil } from './refused-start.ts';

describe.concurrent('a start that is refused', () => {
  test.for([
    [{ SABHA_HTTPS_KEY: 'package.json' }, 'SABHA_HTTPS_CERT is not set'],
    [{ SABHA_HTTPS_CERT: 'package.json' }, 'SABHA_HTTPS_KEY is not set'],
    [{ SABHA_HTTPS_KEY: '/nowhere/https.key', SABHA_HTTPS_CERT: 'package.json' }, '/nowhere/https.key: cannot be read: ENOENT'],
  ] as const)('S20 HTTPS with an incomplete key pair is refused: %j', async ([env, line], { onTestFinished }) => {
    const site = await siteUntil(onTestFinished, { https: { host: '127.0.0.1', port: 0, mqttPort: 0, names: ['sabha.test'] } });
    Object.assign(site.env, env);
    await refused(site, line);
  });

  test('a missing signing key or authority beside a ledger is reported and not created again; with the old files the start succeeds', async ({
    expect,
    onTestFinished,
  }) => {
    const site = await siteUntil(onTestFinished);
    const flows = join(site.data, 'flows');
    const [key, ca, kept] = [join(flows, 'centre.key'), join(flows, 'ca'), join(site.folder, 'kept')];
    const start = async () => {
      const centre = startCentre(site);
      await isUp(centre);
      await centre.stop();
    };
    await start();

    renameSync(key, kept);
    const centre = startCentre(site);
    expect((await centre.ended).code).toBe(1);
    expect(centre.lines.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/centre\.key is missing: .*"sabha restore FILE"; without it the PCs accept no commands$/),
    ]);
    expect(existsSync(key)).toBe(false);

    writeFileSync(key, makeSigningKeys().privateKey, { mode: 0o600 });
    await refused(site, /centre\.key is not the signing key that the ledger knows: .*"sabha restore FILE"$/);

    renameSync(kept, key);
    renameSync(ca, kept);
    await refused(site, /ca\/ca\.key is missing: .*"sabha restore FILE"$/);
    rmSync(ca, { recursive: true, force: true });
    renameSync(kept, ca);
    await start();
  });
});
