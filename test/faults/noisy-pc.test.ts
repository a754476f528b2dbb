/**
 * Tests S8 and F8 with real broker and flows: the effect on others of one flooding PC, or of twenty machines with one disk. Turns with and
 * without the attack alternate in one run, and the median counts, so that a moment of other load has no effect. SABHA_FAULTS=full: ten
 * turns of 10 s each, otherwise five of 1 s.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { encode, pcTopic } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { connectBare } from '../contract/peers.ts';
import { isFullTier, reportFigure } from '../figures.ts';
import { openMailbox } from '../system/mailbox.ts';
import { createParts } from '../system/parts-under-test.ts';
import { type ScriptedPc, startScriptedPc } from '../system/scripted-pc.ts';
import { type AckTimes, honestPcs, said, together } from './ack-times.ts';

const [turns, turnMs] = isFullTier ? [10, 10_000] : [5, 1_000];
const others = Array.from({ length: 20 }, (_, n) => `pc-${n + 1}`);
const paths = others.map((id) => `ladakh/leh/${id}`);
/** Permitted ratio of p99 with and without an attack. On a busy machine turns differ by this much even without an attack. */
const unlike = 5;

test('S8 one admitted PC that floods at full speed does not delay the acks of others', async ({ onTestFinished }) => {
  const parts = await createParts({ pcs: [...others, 'flood'] });
  onTestFinished(() => parts.site.remove());
  for (const part of ['broker', 'flows'] as const) await parts.start(part);
  const honest = await honestPcs(parts, paths);
  onTestFinished(() => honest.end());
  const [calm, attacked]: [AckTimes[], AckTimes[]] = [[], []];
  for (let turn = 0; turn < turns; turn += 1) {
    calm.push(await honest.measure(turnMs));
    const stop = await flood(parts.site.ports.mqtt, parts.tokens.get('ladakh/leh/flood') ?? '');
    attacked.push(await honest.measure(turnMs));
    stop();
  }
  const [without, under] = [together(calm), together(attacked)];
  expect([without.unanswered, under.unanswered]).toEqual([0, 0]);
  expect(under.p99 / without.p99).toBeLessThan(unlike);
  reportFigure(
    'S8',
    `${others.length} PCs, ${under.count} events under a flood: ${said(under)}; without it: ${said(without)}; 0 unanswered`,
  );
});

test('F8 twenty machines with copies of one disk image cause at most one message to each person, and do not delay the acks of others', async ({
  onTestFinished,
}) => {
  const people = [
    { id: 'asha', name: 'Asha', role: 'technician', email: 'asha@office.test' },
    { id: 'desk', name: 'Desk', role: 'central', scope: '', email: 'desk@office.test' },
  ];
  const mailbox = await openMailbox();
  onTestFinished(() => mailbox.close());
  const parts = await createParts({ pcs: [...others, 'image'], settings: { people, channels: { email: { port: mailbox.port } } } });
  onTestFinished(() => parts.site.remove());
  for (const part of ['broker', 'flows'] as const) await parts.start(part);
  const honest = await honestPcs(parts, paths);
  onTestFinished(() => honest.end());
  const calm: AckTimes[] = [];
  for (let turn = 0; turn < turns; turn += 1) calm.push(await honest.measure(turnMs));
  const startedAt = performance.now();
  const clones: ScriptedPc[] = Array.from({ length: 20 }, (_, n) =>
    startScriptedPc({ parts, pc: 'ladakh/leh/image', bootId: `boot-${n}` }),
  );
  onTestFinished(async () => void (await Promise.all(clones.map((one) => one.stop()))));
  const told = () => mailbox.mails.filter(({ subject }) => subject.includes('Two machines use the identity of this PC'));
  const attacked: AckTimes[] = [];
  for (let turn = 0; turn < turns; turn += 1) attacked.push(await honest.measure(turnMs));
  await expect.poll(() => told().length, { timeout: 90_000 }).toBeGreaterThan(0);
  const toldMs = (told()[0]?.atMs ?? Number.NaN) - startedAt;
  await delay(turnMs);
  for (const { id } of people) expect(told().filter(({ to }) => to.startsWith(`${id}@`)).length, id).toBeLessThanOrEqual(1);
  const [without, under] = [together(calm), together(attacked)];
  expect([without.unanswered, under.unanswered]).toEqual([0, 0]);
  expect(under.p99 / without.p99).toBeLessThan(unlike);
  const times = `${said(under)}; without them: ${said(without)}`;
  reportFigure(
    'F8',
    `20 machines with one disk: told after ${(toldMs / 1_000).toFixed(0)} s, ${told().length} messages in all; ${others.length} others: ${times}`,
  );
});

/** Sends beats and events as fast as the socket accepts them, and reconnects when it is disconnected. */
async function flood(port: number, password: string): Promise<() => void> {
  const pc = 'ladakh/leh/flood';
  let over = false;
  let seq = 0;
  const run = async () => {
    while (!over) {
      const { socket, send, closed } = await connectBare(port, pc, '127.0.0.1', password);
      while (!over && !socket.destroyed) {
        for (let n = 0; n < 50; n += 1) {
          seq += 1;
          const event = { spool: 'flood', seq, boot: 'b', at: 1, grade: 'event' as const, kind: 'x', body: { text: 'x'.repeat(1_000) } };
          send({ cmd: 'publish', topic: pcTopic(pc, 'event'), payload: encode('event', event), qos: 0, dup: false, retain: false });
        }
        await (socket.writableNeedDrain ? Promise.race([new Promise((done) => socket.once('drain', done)), closed]) : delay(1));
      }
      socket.destroy();
      await closed;
    }
  };
  void run();
  return () => {
    over = true;
  };
}
