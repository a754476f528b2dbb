/** What `npm run centre -- VERB` can do. */
import { parseArgs } from 'node:util';
import { messageOf } from '#contracts';
import { CentreError } from '../machine/centre-error.ts';
import type { Context } from './context.ts';
import { install } from './install.ts';
import { uninstall } from './uninstall.ts';
import { rollback, upgrade } from './upgrade.ts';

type Verb = { options: readonly string[]; run(context: Context, given: ReadonlySet<string>): void };

const verbs: Record<string, Verb> = {
  install: { options: [], run: install },
  upgrade: {
    options: ['check', 'without-copy'],
    run: (context, given) => upgrade(context, { check: given.has('check'), withoutCopy: given.has('without-copy') }),
  },
  rollback: { options: [], run: rollback },
  uninstall: { options: ['purge'], run: (context, given) => uninstall(context, { purge: given.has('purge') }) },
};

/** One line that says how it is called. */
export const usage = `usage: npm run centre -- ${Object.entries(verbs)
  .map(([name, { options }]) => [name, ...options.map((one) => `[--${one}]`)].join(' '))
  .join(' | ')}`;

/** The verb of a call, ready to run. Throws a `CentreError` for a call that is none. */
export function verbOf(args: readonly string[]): (context: Context) => void {
  const [name = '', ...rest] = args;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) throw new CentreError(usage);
  try {
    const flags = verb.options.map((one) => [one, { type: 'boolean' }]);
    const { values } = parseArgs({ args: rest, options: { ...Object.fromEntries(flags), lang: { type: 'string' } } });
    return (context) => verb.run(context, new Set(Object.keys(values)));
  } catch (error) {
    throw new CentreError(`${messageOf(error).split('.')[0]}; ${usage}`);
  }
}
