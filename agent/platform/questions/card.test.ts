import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readCard } from './card.ts';

const interfaces = { lo: [{ address: '127.0.0.1' }], eth0: [{ address: '10.1.2.3' }, { address: 'fd00::3' }] };

it('the network card reader reads the traffic of the network card with this address, and its link rate', async () => {
  const root = tree({ eth0: { 'statistics/tx_bytes': '1000', 'statistics/rx_bytes': '20000', speed: '100' } });
  const known = { known: true, value: { sentBytes: 1_000, receivedBytes: 20_000, speedBps: 100e6 } };
  expect(await readCard(root, '10.1.2.3', interfaces)).toEqual(known);
  expect(await readCard(root, 'fd00::3', interfaces)).toEqual(known);
});

function tree(cards: Record<string, Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'sabha-card-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, files] of Object.entries(cards))
    for (const [file, text] of Object.entries(files)) {
      const path = join(root, 'sys/class/net', name, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${text}\n`);
    }
  return root;
}
