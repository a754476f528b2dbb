/** A verb works in a thread of its own, since it waits for programs and disks in one breath: this one tells meanwhile what it is at, and how long. */
import type { Worker } from 'node:worker_threads';
import { clearLine, filled, type Language, type Waiting, type Words, withPatience } from '#contracts';

/** What of a verb takes long. */
export type Step = keyof typeof steps;
/** A word of the thread: what it is at now, a line for people, or why it was not done. */
export type Told = { step: Step } | { said: string } | { failed: string };
/** `say` = a line for people. */
export type Watch = Pick<Waiting, 'clock' | 'screen'> & { language: Language; say(line: string): void };

const steps = {
  begin: { en: 'looking at what is here', hi: 'देखा जा रहा है कि यहाँ क्या है' },
  lay: { en: 'copying the programs', hi: 'प्रोग्राम कॉपी हो रहे हैं' },
  copy: { en: 'copying the data', hi: 'डेटा की कॉपी बन रही है' },
  bring: { en: 'putting the copy of the data in place', hi: 'डेटा की कॉपी वापस रखी जा रही है' },
  prepare: { en: 'bringing the data into order', hi: 'डेटा तैयार हो रहा है' },
  stop: { en: 'stopping the services', hi: 'सर्विस बंद हो रही हैं' },
  start: { en: 'starting the services', hi: 'सर्विस चालू हो रही हैं' },
  remove: { en: 'removing what is here', hi: 'यहाँ से सब हटाया जा रहा है' },
} satisfies Record<string, Words>;
const stillAt: Words = { en: 'still at work: {seconds} s ({step})', hi: 'काम चल रहा है: {seconds} सेकंड ({step})' };

/** The end of the thread: why it was not done, undefined where it was. Throws what it threw. */
export function worked(worker: Worker, { clock, screen, language, say }: Watch): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  let [step, failed]: [Step, string | undefined] = ['begin', undefined];
  worker.on('message', (told: Told) => {
    if ('step' in told) step = told.step;
    else if ('failed' in told) failed = told.failed;
    else {
      // It takes the place of the line that says how long it takes.
      if (screen.isTTY) screen.write(clearLine);
      say(told.said);
    }
  });
  worker.once('error', reject);
  worker.once('exit', () => resolve(failed));
  return withPatience(promise, { clock, screen, say: (seconds) => filled(stillAt[language], { seconds, step: steps[step][language] }) });
}
