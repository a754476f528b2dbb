/** Where the agent keeps what is its own. */
import { parseArgs } from 'node:util';

/** `--data DIR` among the words of a call, else SABHA_DATA, else ./data/agent: one folder for every verb, and for the launcher. */
export function dataFolder(env: Record<string, string | undefined>, words: readonly string[]): string {
  const { values } = parseArgs({ args: [...words], options: { data: { type: 'string' } }, strict: false, allowPositionals: true });
  return (typeof values.data === 'string' && values.data) || env['SABHA_DATA'] || 'data/agent';
}
