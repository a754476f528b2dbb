import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import type { Member } from '../../engine/records/roster.ts';
import { openDatabase } from './schema.ts';
import { openStore } from './store.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a new ledger has no meetings and no maintenance, and keeps those that are written', () => {
  const file = join(folder, 'ledger.db');
  const times = { start: '2027-01-15T11:00:00', zone: null, minutes: 60, rule: null };
  const meeting = { id: 'm', title: 'Review', scopes: [''], ...times, except: [], moved: [] };
  const maintenance = { id: 'm', scope: 'ladakh/leh', title: 'New UPS', ...times, ruleText: null, by: 'Anil', at: 1 };
  const store = openStore(openDatabase({ file }));
  expect([store.meetings(), store.maintenance()]).toEqual([[], []]);
  const ops: Op[] = ['m', 'n'].flatMap((id): Op[] => [
    { op: 'meeting', meeting: { ...meeting, id } },
    { op: 'maintenance', maintenance: { ...maintenance, id } },
  ]);
  store.commit([ops, [{ op: 'meeting-gone', id: 'n' }], [{ op: 'maintenance-gone', id: 'n' }]]);
  store.close();
  const again = openStore(openDatabase({ file }));
  expect([again.meetings(), again.maintenance()]).toEqual([[meeting], [maintenance]]);
  again.close();
});

test('a new ledger has an empty roster, and keeps persons with their proofs until the person is deleted', () => {
  const file = join(folder, 'ledger.db');
  const store = openStore(openDatabase({ file }));
  expect(store.roster()).toEqual({ members: [], proofs: [] });
  const reach = { language: 'hi', channels: ['email'], email: 'a@office.test', webhook: false, addresses: {} } as const;
  const when = { duty: [{ days: [1], from: 540, to: 1_080 }], zone: 'Asia/Kolkata', leave: [], deputy: null };
  const place = { role: 'technician', scope: 'ladakh', roles: ['technician'], scopes: ['ladakh'], groups: [] } as const;
  const asha: Member = {
    id: 'asha',
    name: 'Asha',
    ...reach,
    channels: ['email'],
    ...place,
    roles: ['technician'],
    scopes: ['ladakh'],
    groups: [],
    ...when,
  };
  const bina: Member = { ...asha, id: 'bina' };
  const proof = (person: string, at: number) => ({ op: 'proof', person, channel: 'email', at }) as const;
  store.commit([[{ op: 'member', member: asha }, { op: 'member', member: bina }, proof('asha', 1), proof('asha', 2), proof('bina', 3)]]);
  store.commit([[{ op: 'member-gone', id: 'bina' }]]);
  store.close();
  const again = openStore(openDatabase({ file }));
  expect(again.roster()).toEqual({ members: [asha], proofs: [{ person: 'asha', channel: 'email', at: 2 }] });
  again.close();
});

test('a new ledger has no announcements, and keeps them with the persons who read them', () => {
  const file = join(folder, 'ledger.db');
  const store = openStore(openDatabase({ file }));
  expect([store.announcements(), store.announcement(1)]).toEqual([[], undefined]);
  const announcement = { id: 1, at: 5, by: 'Anil', to: 'ladakh', text: 'The line is changed', persons: ['asha', 'bina'] };
  const read = (person: string, at: number) => ({ op: 'announcement-read', id: 1, person, at }) as const;
  store.commit([
    [
      { op: 'announcement', announcement },
      { op: 'announcement', announcement: { ...announcement, id: 2 } },
    ],
  ]);
  store.commit([[read('bina', 6), read('bina', 7), read('asha', 8)]]);
  store.close();
  const again = openStore(openDatabase({ file }));
  expect(again.announcements().map(({ id }) => id)).toEqual([2, 1]);
  const reads = [
    { person: 'asha', at: 8 },
    { person: 'bina', at: 6 },
  ];
  expect(again.announcement(1)).toEqual({ announcement, sent: [], read: reads });
  again.close();
});
