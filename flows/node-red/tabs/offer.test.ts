/** The nodes *offer* and *outcome* around a community node, in a real Node-RED. */

import { realClock } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SendOutcome } from '../../engine/records/notices.ts';
import { message } from '../../notify/people/channels/conformance.test-helper.ts';
import { technician } from '../../notify/people/people.test-helper.ts';
import { type Live, startLive, tabsDir, wireMessage } from '../tabs.test-helper.ts';
import { lintFlows } from '../tabs.ts';
import { type FlowNode, readTabs } from '../tabs-storage.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive();
});
afterAll(() => live.stop());

/** The Deliver tab with one more channel: an *offer* node, a community node behind its second output, and *outcome* nodes. */
function withOffer(): FlowNode[] {
  const place = { z: 'tab-deliver', x: 600, y: 320 };
  const nodes = tabs().map((node) => (node.id === 'deliver-webhook' ? { ...node, wires: [['deliver-pager']] } : node));
  return [
    ...nodes,
    { ...place, id: 'deliver-pager', type: 'sabha-offer', name: '', channel: 'telegram', wires: [['deliver-console'], ['pager']] },
    { ...place, id: 'pager', type: 'test-throws', name: 'community node', wires: [['pager-done']] },
    { ...place, id: 'pager-done', type: 'sabha-outcome', name: '', result: 'delivered', wires: [] },
    { ...place, id: 'pager-catch', type: 'catch', name: '', scope: ['pager'], uncaught: false, wires: [['pager-failed']] },
    { ...place, id: 'pager-failed', type: 'sabha-outcome', name: '', result: 'refused', wires: [] },
  ];
}

const send = (subject: string): Promise<SendOutcome> =>
  live.offers
    .channel('telegram', realClock())
    .send(message({ key: `7/telegram/${subject}`, subject }), technician, AbortSignal.timeout(5_000));

test('an offer node adds its act and passes the message on like a deliver node, and passes the lint', async () => {
  expect(lintFlows(withOffer().filter(({ type }) => type !== 'test-throws' && type !== 'catch'))).not.toContainEqual(
    expect.stringContaining('deliver-pager'),
  );
  await live.deploy(withOffer());
  const [end] = await live.offer([{ message: wireMessage({ fault: 'pc.silent' }) }]);
  expect(end?.message.acts.map((act) => act.do === 'deliver' && act.channel).slice(0, 4)).toEqual([
    'own-order',
    'webhook',
    'telegram',
    'console',
  ]);
});

test('an outbox message goes to the node behind the offer node, and is delivered only when its outcome node reports the delivery', async () => {
  await live.deploy(withOffer());
  expect(await send('Critical: Microphone not found')).toEqual({ result: 'delivered' });
});

test('an error of a community node is caught and causes a retry with the error as reason', async () => {
  await live.deploy(withOffer());
  expect(await send('tab-deliver')).toEqual({ result: 'retry', reason: 'Error: thrown on purpose' });
});

test('after a Deploy without the offer node, messages for that node are retried later', async () => {
  await live.deploy(tabs());
  expect(await send('x')).toMatchObject({ result: 'retry', reason: 'no offer node of the channel "telegram" runs' });
});

function tabs(): FlowNode[] {
  const read = readTabs(tabsDir);
  if (!read.ok) throw new Error(read.line);
  return read.nodes;
}
