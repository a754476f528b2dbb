/** What `npm run centre -- VERB` can do. */
import { parseArgs } from 'node:util';
import { saidOfCall } from '#contracts';
import { CentreError } from '../machine/centre-error.ts';
import type { Context } from './context.ts';
import { install } from './install.ts';
import { uninstall } from './uninstall.ts';
import { rollback, upgrade } from './upgrade.ts';

/** `files`: which of its options name a file. */
type Verb = { options: readonly string[]; files?: readonly string[]; run(context: Context, given: Given): void };
type Given = ReadonlyMap<string, unknown>;

const verbs: Record<string, Verb> = {
  install: {
    options: ['from', 'passphrase-file'],
    files: ['from', 'passphrase-file'],
    run: (context, given) => install(context, { from: fileIn(given, 'from'), passphraseFile: fileIn(given, 'passphrase-file') }),
  },
  upgrade: {
    options: ['check', 'without-copy'],
    run: (context, given) => upgrade(context, { check: given.has('check'), withoutCopy: given.has('without-copy') }),
  },
  rollback: { options: [], run: rollback },
  uninstall: { options: ['purge'], run: (context, given) => uninstall(context, { purge: given.has('purge') }) },
};

function fileIn(given: Given, option: string): string | undefined {
  const said = given.get(option);
  return typeof said === 'string' ? said : undefined;
}

/** One line that says how it is called. */
export const usage = `usage: npm run centre -- ${Object.entries(verbs)
  .map(([name, { options, files }]) => [name, ...options.map((one) => `[--${one}${files?.includes(one) ? ' FILE' : ''}]`)].join(' '))
  .join(' | ')}`;

/** The verb of a call, ready to run. Throws a `CentreError` for a call that is none. */
export function verbOf(args: readonly string[]): (context: Context) => void {
  const [name = '', ...rest] = args;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) throw new CentreError(usage);
  try {
    const flags = verb.options.map((one) => [one, { type: verb.files?.includes(one) ? 'string' : 'boolean' }]);
    const { values } = parseArgs({ args: rest, options: { ...Object.fromEntries(flags), lang: { type: 'string' } } });
    return (context) => verb.run(context, new Map(Object.entries(values)));
  } catch (error) {
    throw new CentreError(`${saidOfCall(error)}; ${usage}`);
  }
}
