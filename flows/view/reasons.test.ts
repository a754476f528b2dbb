import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Incident, Transition } from '../engine/records/incidents.ts';
import type { OutboxRow } from '../engine/records/notices.ts';
import { openInThread } from '../storage/ledger/ledger.ts';
import { createReasonsReader } from './reasons.ts';

const incident = { id: 3, scope: 'bihar/patna/pc-1', openedAt: 5, overAt: 90, over: 'cleared', parent: 2 } as Incident;
const about = [{ fault: 'microphone.missing', device: '', name: null, reason: null, since: 5 }];
const pass = { tabs: '0123456789ab', path: '10 Faults: which site?', at: 25, how: 'told' };
const raised = {
  id: 7,
  incident: 3,
  kind: 'raised',
  at: 5,
  about,
  severity: 'major',
  state: 'concluded',
  conclusion: 'told',
  passes: [pass],
};
const row = (key: string) => ({ key, transition: 7, createdAt: 26, state: 'delivered' }) as OutboxRow;

const deeds = [
  { at: 40, by: 'Anil', did: 'acknowledged' as const },
  { at: 42, by: 'Ravi', did: 'taken-over' as const },
  { at: 43, by: 'Ravi', did: 'withdrawn' as const },
];

test('the reasons of notifications are read from the ledger, also for an ended incident; notifications of old versions have no path', async () => {
  const ledger = openInThread(new DatabaseSync(':memory:'));
  const old = {
    ...raised,
    id: 6,
    kind: 'worsened',
    conclusion: 'over before anybody was told',
    passes: undefined,
  } as unknown as Transition;
  await ledger.commit([
    { op: 'incident', incident: { ...incident, deeds } },
    { op: 'incident', incident: { ...incident, id: 4 } },
    { op: 'transition', transition: raised as unknown as Transition },
    { op: 'transition', transition: old },
    { op: 'outbox', row: row('7/email/asha') },
    { op: 'outbox', row: row('70/email/ravi') },
  ]);
  const reasons = createReasonsReader(ledger, (id) => (id === 'asha' ? 'Asha' : id));
  const found = await reasons(3);
  expect(found).toMatchObject({ incident: 3, scope: 'bihar/patna/pc-1', parent: 2, acknowledged: [{ at: 40, by: 'Anil' }] });
  expect(found?.steps.map(({ kind, passes, sent, conclusion }) => ({ kind, passes, sent, conclusion }))).toEqual([
    { kind: 'worsened', passes: [], sent: [], conclusion: 'over before anybody was told' },
    { kind: 'raised', passes: [pass], sent: [{ channel: 'email', person: 'asha', at: 26 }], conclusion: 'told' },
  ]);
  expect(found?.steps.map(({ said }) => said)).toEqual([
    { en: 'Nobody was notified: it ended before a message was sent.', hi: 'किसी को मैसेज नहीं भेजा गया: मैसेज भेजने से पहले ही ठीक हो गया।' },
    { en: 'Notified: Asha (e-mail).', hi: 'इन्हें मैसेज भेजा गया: Asha (ई-मेल)।' },
  ]);
  expect(await reasons(5)).toBeUndefined();
});

test.each([
  ['on hold; held back: quiet', 'Nobody was notified: it waits: somebody muted it, or maintenance is going on.'],
  ['my own rule', 'Nobody was notified: my own rule.'],
  [null, 'Nobody was notified yet: the message is on its way.'],
] as const)('the conclusion %j without a notification is explained in a sentence', async (conclusion, said) => {
  const ledger = openInThread(new DatabaseSync(':memory:'));
  const spread = { members: [], away: [], of: 3, path: 'bihar' };
  await ledger.commit([
    { op: 'incident', incident: { ...incident, scope: 'state:bihar', spread } },
    { op: 'transition', transition: { ...raised, conclusion } as unknown as Transition },
  ]);
  const found = await createReasonsReader(ledger, (id) => id)(3);
  expect([found?.path, found?.steps[0]?.said.en]).toEqual(['bihar', said]);
});
