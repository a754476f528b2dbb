/** Which packages a centre needs to run: those of the lock file that not only development asks for. */
import * as v from 'valibot';
import { CentreError } from '../machine/centre-error.ts';

const lock = v.object({ packages: v.record(v.string(), v.object({ dev: v.optional(v.boolean(), false) })) });
const top = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/;

/** Names of the packages at the top of `node_modules`; what lies within them goes with them. Throws a `CentreError` where the text is no lock file. */
export function packagesOf(text: string): string[] {
  const read = v.safeParse(lock, parsed(text));
  if (!read.success) throw new CentreError('package-lock.json: is no lock file of npm');
  return Object.entries(read.output.packages).flatMap(([path, { dev }]) => {
    const name = top.exec(path)?.[1];
    return dev || name === undefined ? [] : name;
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
