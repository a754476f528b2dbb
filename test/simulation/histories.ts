/** Plays seeds and judges them; what fails names its seed and how to replay it. */
import { audit } from './audit.ts';
import { historyOf, play } from './history.ts';

/** Throws where a promise is broken. `verbose` prints what happened. */
export async function judgeSeed(seed: number, verbose = false): Promise<void> {
  const history = historyOf(seed);
  const world = await play(history, { disturbed: true });
  const twin = await play(history, { disturbed: false });
  const wrong = await audit(history, world, twin);
  if (verbose) process.stdout.write(`${world.log.join('\n')}\n`);
  if (wrong.length === 0) return;
  const replay = `SABHA_SEED=${seed} npx vitest run --project boundary test/simulation/histories`;
  throw new Error(`seed ${seed} breaks ${wrong.length} promises:\n  ${wrong.slice(0, 12).join('\n  ')}\nreplay: ${replay}`);
}
