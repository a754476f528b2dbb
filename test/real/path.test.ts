/** What is said of the way to the centre in broken networks: the table stands in `broken-networks.ts`; all of it, ten times each, in the night. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askBroken, brokenNetworks } from './broken-networks.ts';
import { type BrokenOffice, centreName, openBrokenOffice, ports } from './broken-office.ts';
import { hasNamespaces } from './office-network.ts';
import { installed, requirePart } from './parts.ts';

const runs = requirePart(
  'namespaces of one’s own with a name server (root, ip, nft, dnsmasq)',
  installed(['ip', 'nft', 'dnsmasq']) && hasNamespaces(),
);
const isWhole = process.env['SABHA_NIGHTLY'] === '1';
const times = isWhole ? 10 : 1;
const networks = brokenNetworks.filter(({ isQuick }) => isWhole || isQuick);
const namedShare = 0.8;

describe.runIf(runs)('the way to the centre', () => {
  let office: BrokenOffice;
  const all: { isNamed: boolean }[] = [];
  beforeAll(async () => {
    office = await openBrokenOffice();
    await office.mend();
    // The PC has been connected once.
    expect(await office.check()).toEqual({ status: 'ok', fault: null, reason: null });
  });
  afterAll(() => office?.close());

  test.each(networks)('names the right party or none where this is broken: $what', async (network) => {
    const said = await askBroken(office, network, times);
    const isRight = (one: string) => network.may.some((may) => may === one);
    all.push(...said.map((one) => ({ isNamed: isRight(one) })));
    expect(said.filter((one) => one !== 'unknown' && !isRight(one))).toEqual([]);
  });

  test('names at least four of five', () => {
    const named = all.filter(({ isNamed }) => isNamed).length;
    console.info(`${networks.length} networks × ${times}: ${named} of ${all.length} named`);
    expect(all).toHaveLength(networks.length * times);
    expect(named).toBeGreaterThanOrEqual(namedShare * all.length);
  });

  test('says what was seen, in the language of the reader', async () => {
    await office.mend();
    await office.end('centre');
    expect(await Promise.all([office.line('en'), office.line('hi')])).toEqual([
      'Trouble on the connection to the centre (it, or a firewall on the way, refuses the connection)',
      'सेंटर के कनेक्शन में दिक्कत है (वह, या रास्ते में कोई फ़ायरवॉल, कनेक्शन नहीं ले रहा)',
    ]);
  });

  test('a PC without a certificate does not call whoever answers its centre', async () => {
    await office.mend();
    const env = { SABHA_MQTT_HOST: centreName, SABHA_MQTT_PORT: `${ports.mqtt}`, SABHA_CONFIG: join(office.folder, 'sabha.json') };
    expect(await office.check(env, join(office.folder, 'nobody'))).toEqual({
      status: 'unknown',
      fault: null,
      reason: 'without a certificate nobody knows whether it is the centre',
    });
  });
});
