/** The PCs of the bench `alerts`, in a separate process. They send beats, and one of them fails or recovers on request. */
import { batteryLow, connectHonest, type HonestPc, well } from './honest-pc.ts';
import { nowMs } from './process-figures.ts';

export type PcsOrder = { port: number; tokens: [string, string][] } | { pc: string; broken: boolean };

const beatEveryMs = 60_000;
const pcs = new Map<string, HonestPc>();

process.on('message', (order: PcsOrder) => {
  const done = 'tokens' in order ? setUp(order) : say(order);
  void done.then((at) => process.send?.(at));
});
process.once('disconnect', () => process.exit(0));

async function setUp({ port, tokens }: Extract<PcsOrder, { port: number }>): Promise<number> {
  for (const [pc, password] of tokens) pcs.set(pc, await connectHonest({ port, pc, password }));
  const all = [...pcs.values()];
  let next = 0;
  setInterval(() => void all[next++ % all.length]?.beat(), beatEveryMs / all.length);
  return nowMs();
}

/** Sends the state of a PC and returns the time. */
async function say({ pc, broken }: Extract<PcsOrder, { pc: string }>): Promise<number> {
  const at = nowMs();
  await pcs.get(pc)?.sayState(broken ? batteryLow : well);
  return at;
}
