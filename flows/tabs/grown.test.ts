/** What is told of a cause of many sites that grows, through the tabs themselves. */
import { beforeAll, expect, test } from 'vitest';
import type { Moment } from '../calendar/when.ts';
import { nation } from '../incidents/nation.test-helper.ts';
import type { Stage } from '../incidents/stage.test-helper.ts';
import { tabsDir } from '../node-red/tabs.test-helper.ts';
import { readTabs } from '../node-red/tabs-storage.ts';
import { startStillTabs } from '../replay/still-tabs.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const wide = (sites: number, from = 0) => Array.from({ length: sites }, (_, at) => at + from);

let tabs: Awaited<ReturnType<typeof startStillTabs>>;
let now = 0;

beforeAll(async () => {
  const read = readTabs(tabsDir);
  if (!read.ok) throw new Error(read.line);
  tabs = await startStillTabs(read.nodes, { channels: () => ['console', 'webhook'], moment, now: () => now });
}, 30_000);
const moment = (): Moment => ({
  ...{ is: 'open', meeting: null, digestAt: now, backAt: now, isNearClosing: false, isClosing: false, closed: null, lookAt: null },
});

/** A state of so many sites of one PC, whose wires are the tabs; `go`: they are lost, and time passes. */
function bihar(sites = 20) {
  const { stage, of } = nation({ sites, pcs: 1 });
  const away = new Set<number>();
  let seen = 0;
  stage.setPath(() => 'nothing');
  const decided = async () => {
    for (let offer = stage.offers[seen]; offer !== undefined; offer = stage.offers[seen]) {
      seen += 1;
      now = stage.now();
      const end = await tabs.decide(offer.message, offer.node);
      if (end === undefined) throw new Error('it reached no conclusion');
      stage.apply({ type: 'conclude', transition: offer.message.transition.id, ...end, acts: [...end.acts] });
    }
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 10 * second) {
      stage.pass(Math.min(left, 10 * second), 10 * second);
      await decided();
      for (const site of wide(sites)) if (!away.has(site)) stage.beat(of(site)[0]);
    }
  };
  return {
    stage,
    pass,
    async go(gone: readonly number[], ms: number): Promise<void> {
      for (const site of gone) away.add(site);
      for (const pc of gone.flatMap(of)) stage.lost(pc);
      await pass(ms);
    },
  };
}

/** What each person was told of the state, and how many were away by that. */
const told = (stage: Stage) =>
  stage
    .outbox()
    .filter(({ channel, notice }) => channel === 'console' && notice.scope === 'state:bihar')
    .map(({ person, notice }) => `${notice.again?.why ?? notice.kind} ${notice.many?.down} to ${person}`);

test('central, who was told of eight sites by escalation, heard of fourteen long after the state or never; and nobody hears of them twice', async () => {
  const { stage, go, pass } = bihar();
  await go(wide(8), 60 * minute);
  await go(wide(6, 8), 10 * minute);
  expect(told(stage)).toEqual(['raised 8 to state', 'raised 8 to central', 'worsened 14 to state', 'worsened 14 to central']);
  await pass(3 * hour);
  expect(told(stage)).toHaveLength(4);
});

test('of what grew before the next level was due central was told twice: it hears of it as it is by then', async () => {
  const { stage, go } = bihar();
  await go(wide(8), 20 * minute);
  await go(wide(6, 8), 2 * hour);
  expect(told(stage)).toEqual(['raised 8 to state', 'worsened 14 to state', 'raised 14 to central']);
});
