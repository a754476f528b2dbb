/** Plays and audits histories. A failure names its seed and the command to replay it. */
import { audit } from './audit.ts';
import { historyOf, play } from './history.ts';

const usual = 200;

/** Returns the seeds to play: SABHA_HISTORIES sets their number, and SABHA_SEED selects one seed to replay. */
export function seedsOf(): number[] {
  const { SABHA_SEED: one, SABHA_HISTORIES: count } = process.env;
  return one === undefined ? Array.from({ length: Number(count ?? usual) }, (_, index) => index + 1) : [Number(one)];
}

/** Plays a seed and throws if a guarantee is broken. With SABHA_SEED it prints the log. */
export async function judgeSeed(seed: number): Promise<void> {
  const history = historyOf(seed);
  const world = await play(history, { disturbed: true });
  const twin = await play(history, { disturbed: false });
  const wrong = await audit(history, world, twin);
  if (process.env['SABHA_SEED'] !== undefined) process.stdout.write(`${world.log.join('\n')}\n`);
  if (wrong.length === 0) return;
  const replay = `SABHA_SEED=${seed} npx vitest run --project long test/simulation/histories`;
  throw new Error(`seed ${seed} breaks ${wrong.length} promises:\n  ${wrong.slice(0, 12).join('\n  ')}\nreplay: ${replay}`);
}
