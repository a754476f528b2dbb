import { realClock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { OfferMessage } from '../engine/records/incidents.ts';
import type { TabsPath } from '../node-red/path-recorder.ts';
import { openChannels } from '../notify/people/channels/channels.ts';
import { createOffers } from '../notify/people/channels/offered.ts';
import { technician } from '../notify/people/people.test-helper.ts';
import { createRoster } from '../notify/people/roster.ts';
import { smallTree } from '../sites/sites.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import { createExplain } from './explained.ts';

const table = createSiteTable(smallTree());
const asha = { ...technician, scope: '', language: 'hi' as const };
const told = (channel: string): TabsPath['notifications'][number] => ({ to: ['technician'], channel, severity: 'minor', afterMs: 60_000 });
const nodes = [{ tab: '40 Who', node: 'minor: the technician', type: 'sabha-who', afterMs: 60_000 }];

function setUp(way: TabsPath | undefined = { nodes, notifications: [told('webhook'), told('console')], how: 'told' }) {
  const asked: OfferMessage[] = [];
  const explain = createExplain({
    way: async (message) => {
      asked.push(message);
      return way;
    },
    table: () => table,
    roster: createRoster([asha]),
    channels: openChannels({ settings: {}, offers: createOffers(), log: () => {}, clock: realClock() }),
    now: () => Date.UTC(2026, 2, 3, 8, 35),
  });
  return { asked, explain };
}

test('the dry run of a fault of a site uses its first PC, and returns reachable persons and the text in their language', async () => {
  const { asked, explain } = setUp();
  const found = await explain('ladakh/leh', 'microphone.muted');
  expect(asked).toMatchObject([
    { fault: 'microphone.muted', to: [], incident: { site: 'ladakh/leh', state: 'ladakh', elevationM: expect.any(Number), told: [] } },
  ]);
  if (!found.ok) throw new Error(found.line);
  expect(found.value).toMatchObject({ fault: 'microphone.muted', nodes, how: 'told' });
  expect(found.value.tells).toMatchObject([{ person: asha.id, channel: 'console', severity: 'minor', afterMs: 60_000 }]);
  expect(found.value.tells[0]?.text).toMatch(/\p{Script=Devanagari}/u);
});

test('the dry run of a fault of the server returns its recipients', async () => {
  const { asked, explain } = setUp();
  expect(await explain('centre', 'centre.broker_lost')).toMatchObject({ ok: true, value: { scope: 'centre', severity: 'critical' } });
  expect(asked).toMatchObject([{ incident: { scope: 'centre', site: '' } }]);
});

test.each([
  ['ladakh/leh', 'microphone.gone', 'there is no fault "microphone.gone"'],
  ['goa/nowhere', 'microphone.missing', 'there is no site or PC "goa/nowhere" that is watched'],
])('the dry run for %s of the fault %s is refused in one line', async (scope, fault, line) => {
  expect(await setUp().explain(scope, fault)).toEqual({ ok: false, line });
});

test('if the tabs do not run, a dry run is refused with that reason', async () => {
  const still = createExplain({
    way: async () => undefined,
    table: () => table,
    roster: createRoster([]),
    channels: new Map(),
    now: () => 0,
  });
  expect(await still('ladakh/leh', 'microphone.missing')).toMatchObject({
    ok: false,
    line: expect.stringContaining('the tabs do not run'),
  });
});
