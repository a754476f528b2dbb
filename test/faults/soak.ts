/**
 * Plays days of random faults (F27) against broker, flows and exporter processes, with PCs over real MQTT and a writing PC that is killed.
 * Nothing may be lost, applied twice or left over. Each step is printed before it is played, and the seed repeats it. The server's clock
 * runs ten times faster.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readLedger } from './ledger-file.ts';
import { readSoakOptions, soakPlan, soakUsage } from './soak-plan.ts';
import { createScene, type Scene } from './soak-scene.ts';
import { playStep } from './soak-steps.ts';

const hourMs = 3_600_000;
const settleMs = 180_000;

const options = readSoakOptions(process.argv.slice(2), () => Math.floor(Math.random() * 2 ** 32));
if (!options.ok) {
  process.stderr.write(`${options.line}\n${soakUsage}\n`);
  process.exitCode = 2;
} else process.exitCode = (await soak(options.value.hours, options.value.seed)) ? 0 : 1;

async function soak(hours: number, seed: number): Promise<boolean> {
  const say = (line: object) => console.log(JSON.stringify(line));
  const scene = await createScene();
  const startedAt = performance.now();
  const sinceMs = () => performance.now() - startedAt;
  const counts: Record<string, number> = {};
  try {
    say({ seed, hours, pcs: scene.pcs.length, folder: scene.parts.site.folder });
    for (const step of soakPlan(seed)) {
      if (sinceMs() >= hours * hourMs) break;
      await delay(step.waitMs);
      say({ atS: Math.round(sinceMs() / 1_000), ...step });
      await playStep(scene, step);
      counts[step.kind] = (counts[step.kind] ?? 0) + 1;
    }
    const wrong = await judge(scene);
    say({ seed, played: counts, mails: scene.mails(), written: scene.promised.size, wrong });
    return wrong.length === 0;
  } finally {
    await scene.close();
  }
}

/** Waits until everything has settled. Returns the broken guarantees, one line each. */
async function judge(scene: Scene): Promise<string[]> {
  const { parts, pcs } = scene;
  await scene.write({ until: 0 });
  const isSettled = await scene.within(settleMs, async () => {
    const waiting = pcs.reduce((sum, { agent }) => sum + agent.spool.figures().waiting, 0);
    return waiting === 0 && pcs.every((pc) => pc.isConnected()) && (await scene.isReady());
  });
  const last = pcs.map(({ pc, agent }) => ({ pc, ...agent.spool.range() }));
  const ends = await scene.stop();
  const { audit, upTo } = readLedger(join(parts.site.data, 'flows/ledger.db'));
  const expected = { gaps: 0, dropped: 0, twice: 0, forks: 0, integrity: 'ok' } as const;
  const sums = (Object.keys(expected) as (keyof typeof expected)[]).filter((name) => audit[name] !== expected[name]);
  const held = scene.writtenIn();
  const lost = [...scene.promised].filter((n) => !held.has(n));
  return [
    ...(isSettled ? [] : ['the centre and its PCs did not settle in three minutes']),
    ...ends.filter(({ code }) => code !== 0).map(({ part, code }) => `${part} ended with ${code}`),
    ...sums.map((name) => `${name}: ${audit[name]}`),
    ...last.flatMap((one) => (upTo(one.pc, one.id) >= one.last ? [] : [`${one.pc}: up to ${upTo(one.pc, one.id)} of ${one.last}`])),
    ...(lost.length === 0 ? [] : [`${lost.length} events that were promised are missing`]),
  ];
}
