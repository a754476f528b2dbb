import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import type { Member } from '../../engine/records/sites.ts';
import { openDatabase } from './schema.ts';
import { openStore } from './store.ts';

test('meetings, maintenance, roster and announcements are empty in a new ledger and survive a restart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const open = () => openStore(openDatabase({ file: join(folder, 'ledger.db') }));
  const times = { start: '2027-01-15T11:00:00', zone: null, minutes: 60, rule: null };
  const meeting = { id: 'm', title: 'Review', scopes: [''], ...times, except: [], moved: [] };
  const maintenance = { id: 'm', scope: 'ladakh/leh', title: 'New UPS', ...times, ruleText: null, by: 'Anil', at: 1 };
  const asha = { id: 'asha', name: 'Asha', channels: ['email'], duty: [{ days: [1], from: 540, to: 1_080 }] } as unknown as Member;
  const announcement = { id: 1, at: 5, by: 'Anil', to: 'ladakh', text: 'The line is changed', persons: ['asha', 'bina'] };
  const proof = (person: string, at: number): Op => ({ op: 'proof', person, channel: 'email', at });
  const read = (person: string, at: number): Op => ({ op: 'announcement-read', id: 1, person, at });
  const store = open();
  expect([store.meetings(), store.maintenance(), store.announcements(), store.announcement(1)]).toEqual([[], [], [], undefined]);
  expect(store.roster()).toEqual({ members: [], proofs: [] });
  const ops: Op[] = ['m', 'n'].flatMap((id): Op[] => [
    { op: 'meeting', meeting: { ...meeting, id } },
    { op: 'maintenance', maintenance: { ...maintenance, id } },
  ]);
  const people: Op[] = [asha, { ...asha, id: 'bina' }].map((member) => ({ op: 'member', member }));
  const notices: Op[] = [1, 2].map((id) => ({ op: 'announcement', announcement: { ...announcement, id } }));
  store.commit([ops, [...people, proof('asha', 1), proof('asha', 2), proof('bina', 3)], notices]);
  store.commit([[read('bina', 6), read('bina', 7), read('asha', 8)]]);
  for (const op of ['meeting-gone', 'maintenance-gone'] as const) store.commit([[{ op, id: 'n' }]]);
  store.commit([[{ op: 'member-gone', id: 'bina' }]]);
  store.close();
  const again = open();
  expect([again.meetings(), again.maintenance()]).toEqual([[meeting], [maintenance]]);
  expect(again.roster()).toEqual({ members: [asha], proofs: [{ person: 'asha', channel: 'email', at: 2 }] });
  expect(again.announcements().map(({ id }) => id)).toEqual([2, 1]);
  expect(again.announcement(1)).toMatchObject({
    announcement,
    read: [
      { person: 'asha', at: 8 },
      { person: 'bina', at: 6 },
    ],
  });
  again.close();
});
