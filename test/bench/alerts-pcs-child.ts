/** The PCs of the alerts bench, in a process of their own: they beat, and one of them breaks or is well again when it is told to. */
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

/** Answers when it said so. */
async function say({ pc, broken }: Extract<PcsOrder, { pc: string }>): Promise<number> {
  const at = nowMs();
  await pcs.get(pc)?.sayState(broken ? batteryLow : well);
  return at;
}
