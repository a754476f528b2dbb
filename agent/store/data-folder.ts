/** Where the agent keeps what is its own. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** `--data DIR` among the words of a call, else SABHA_DATA, else ./data/agent: one folder for every verb, and for the launcher. */
export function dataFolder(env: Record<string, string | undefined>, words: readonly string[]): string {
  const { values } = parseArgs({ args: [...words], options: { data: { type: 'string' } }, strict: false, allowPositionals: true });
  return (typeof values.data === 'string' && values.data) || env['SABHA_DATA'] || 'data/agent';
}

/** Where the room seat of this user keeps his card: a folder that ends with his session, where the system has one, else one in `data`. */
export function userFolder(env: Record<string, string | undefined>, data: string): string {
  return join(env['XDG_RUNTIME_DIR'] || env['LOCALAPPDATA'] || data, 'sabha-room');
}
