/** The honest PCs of the hostile bench, in a separate process. They send beats and events, and from time to time one has a low battery. */
import { setTimeout as delay } from 'node:timers/promises';
import { batteryLow, connectHonest, type HonestPc } from './honest-pc.ts';

export type HonestSetup = { port: number; tokens: [string, string][] };
export type HonestPhase = { seconds: number };
/** `alerts`: the PC and the time of each raised fault. */
export type HonestResult = { ackMs: number[]; unacknowledged: number; alerts: [pc: string, at: number][] };

const eventsPerSecond = 20;
const beatEveryMs = 60_000;
const alertEveryMs = 2_000;
const ackLimitMs = 60_000;

const pcs: HonestPc[] = [];
let ackMs: number[] = [];
let nextAlert = 0;

process.on('message', (message: HonestSetup | HonestPhase) => {
  const done = 'tokens' in message ? setUp(message) : run(message);
  void done.then((answer) => process.send?.(answer ?? 'done'));
});
process.once('disconnect', () => process.exit(0));

async function setUp({ port, tokens }: HonestSetup): Promise<void> {
  for (const [pc, password] of tokens) pcs.push(await connectHonest({ port, pc, password, acknowledged: (ms) => ackMs.push(ms) }));
}

async function run({ seconds }: HonestPhase): Promise<HonestResult> {
  ackMs = [];
  const alerts: HonestResult['alerts'] = [];
  const startedAt = performance.now();
  for (let events = 0, beats = 0; ; ) {
    const ms = performance.now() - startedAt;
    if (ms >= seconds * 1_000) break;
    for (; events < (ms / 1_000) * eventsPerSecond; events += 1) await pcs[(events * 7) % pcs.length]?.writeEvent();
    for (; beats < (ms / beatEveryMs) * pcs.length; beats += 1) await pcs[beats % pcs.length]?.beat();
    if (alerts.length * alertEveryMs < ms) {
      const one = pcs[nextAlert++];
      if (one === undefined) throw new Error(`the phases raise more alerts than there are honest PCs (${pcs.length}): add sites`);
      alerts.push([one.pc, Date.now()]);
      await one.sayState(batteryLow);
    }
    await delay(10);
  }
  const deadline = performance.now() + ackLimitMs;
  const behind = () => pcs.reduce((sum, one) => sum + one.behind(), 0);
  while (behind() > 0 && performance.now() < deadline) await delay(50);
  return { ackMs, unacknowledged: behind(), alerts };
}
