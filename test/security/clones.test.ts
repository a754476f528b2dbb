/** F8: two machines with one identity, as a copied disk makes them. */

import { encode, flowsFilters, pcTopic } from '@sabha/contracts';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { connect } from '../contract/peers.ts';
import { type Authority, createAuthority, type Issued } from './authority.ts';
import { join8883, startSecureBroker } from './secure-broker.ts';

const pc = 'ladakh/leh/pc-1';
const neighbour = 'ladakh/leh/pc-2';
let authority: Authority;
let good: Issued;
let other: Issued;

beforeAll(async () => {
  authority = await createAuthority('Sabha');
  good = await authority.issue({ cn: 'ladakh.leh.pc-1', use: 'client' });
  other = await authority.issue({ cn: 'ladakh.leh.pc-2', use: 'client' });
});

test('of two that throw each other out without a pause one stays, once the centre has heard both come back; a neighbour sees nothing', async () => {
  const broker = await startSecureBroker();
  onTestFinished(broker.stop);
  await broker.certify(authority);
  const entries = [
    { pc, certificates: [good.serial] },
    { pc: neighbour, certificates: [other.serial] },
  ];
  await broker.admit(entries, [authority.root]);
  const flows = await connect(broker.plainPort, 'flows');
  await flows.subscribe([...flowsFilters]);
  const quiet = await join8883(broker.port, neighbour, { cert: other, roots: [authority.root] });

  const admitted: string[] = [];
  let refused = 0;
  /** Comes back at once, whatever happens, until both together were refused twenty times. */
  async function machine(boot: string): Promise<void> {
    const will = {
      topic: pcTopic(pc, 'presence'),
      payload: encode('presence', { kind: 'lost', boot, session: 1 }),
      qos: 1 as const,
      retain: false,
    };
    while (refused < 20) {
      const client = await join8883(broker.port, pc, { cert: good, roots: [authority.root] }, { will }).catch((error: Error) => {
        // Who is thrown out before he has heard that he is in was not refused.
        if (error.message.includes('Connection refused')) refused += 1;
        return undefined;
      });
      if (client === undefined) continue;
      admitted.push(boot);
      client.publish(pcTopic(pc, 'presence'), boot, { qos: 1 });
      const closed = new Promise<void>((done) => client.once('close', () => done()));
      await Promise.race([closed, enough()]);
      client.end(true);
    }
  }
  const enough = () => expect.poll(() => refused >= 20, { timeout: 40_000, interval: 20 }).toBe(true);
  await Promise.all([machine('one'), machine('two')]);

  expect(admitted.length).toBeGreaterThanOrEqual(5);
  expect(new Set(admitted).size).toBe(2);
  expect(await broker.sample('sabha_broker_refused_total{action="connect",reason="cloned"}')).toBe(20);
  expect(broker.lines.filter((line) => line === 'refused: connect, cloned')).toHaveLength(1);
  expect(quiet.connected).toBe(true);
  await quiet.publishAsync(pcTopic(neighbour, 'beat'), 'still here', { qos: 1 });
  await flows.hears(pcTopic(neighbour, 'beat'), 'still here');
  // What comes over one connection keeps its order: by now both were heard.
  const said = flows.heard.flatMap(({ topic, text }) =>
    topic === pcTopic(pc, 'presence') && (text === 'one' || text === 'two') ? [text] : [],
  );
  const turns = said.filter((boot, at) => boot !== said[at - 1]);
  expect(turns.length).toBeGreaterThanOrEqual(5);
  for (const client of [quiet, flows.client]) client.end(true);
});
