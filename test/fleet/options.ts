/** The arguments of `npm run demo`. */
import { parseArgs } from 'node:util';

export type DemoOptions = {
  sites: number;
  /** Real minutes; undefined: until Ctrl-C. */
  minutes: number | undefined;
  speed: number;
  seed: number;
  story: 'leh' | undefined;
  json: boolean;
  /** Keeps running after the summary, until Ctrl-C. */
  keepRunning: boolean;
  /** First of six consecutive ports; 0: free ports; undefined: the defaults. */
  portBase: number | undefined;
};

export const usage =
  'npm run demo -- [--sites 736] [--minutes M] [--speed 10] [--seed 1] [--story leh] [--json] [--keep-running] [--port-base P]';

/** Parses the arguments, or returns one line that says what is wrong. */
export function readOptions(args: string[]): { ok: true; value: DemoOptions } | { ok: false; line: string } {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({
      args,
      options: { sites: text, minutes: text, speed: text, seed: text, story: text, json: flag, 'keep-running': flag, 'port-base': text },
    });
    if (values.story !== undefined && values.story !== 'leh') throw new Error('--story: "leh" is the one there is');
    const sites = whole('--sites', values.sites ?? '736', [1, 20_000]);
    const minutes = values.minutes;
    const base = values['port-base'];
    const value: DemoOptions = {
      sites,
      minutes: minutes === undefined ? undefined : number('--minutes', minutes, [0.01, 100_000]),
      speed: number('--speed', values.speed ?? `${speedFor(sites)}`, [0.1, 100]),
      seed: whole('--seed', values.seed ?? '1', [0, 2 ** 31]),
      story: values.story,
      json: values.json,
      keepRunning: values['keep-running'],
      portBase: base === undefined ? undefined : whole('--port-base', base, [0, 65_000]),
    };
    return { ok: true, value };
  } catch (error) {
    return { ok: false, line: (error as Error).message };
  }
}

/** Returns the default speed: 10, and less above 1,500 sites, where one processor core cannot simulate all PCs. */
function speedFor(sites: number): number {
  return sites <= 1_500 ? 10 : Math.max(1, Math.floor(15_000 / sites));
}

type Range = readonly [least: number, most: number];

function number(name: string, text: string, [least, most]: Range): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= least && value <= most)) throw new Error(`${name}: a number from ${least} to ${most} is expected, found "${text}"`);
  return value;
}

function whole(name: string, text: string, range: Range): number {
  const value = number(name, text, range);
  if (!Number.isInteger(value)) throw new Error(`${name}: a whole number is expected, found "${text}"`);
  return value;
}
