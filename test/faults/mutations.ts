/** Creates messages that no agent sends from real ones. The seed makes a run repeatable. */
import { readFileSync } from 'node:fs';
import { type Check, digestOf, encode, type UpLeaf } from '@sabha/contracts';
import type { Random } from '../random.ts';

type Sample = { message: string; payload: string };
const golden: Sample[] = JSON.parse(readFileSync(new URL('../../broker/contracts/wire/messages.golden.json', import.meta.url), 'utf8'));

export function samplesOf(leaf: UpLeaf): string[] {
  return golden.filter(({ message }) => message === leaf).map(({ payload }) => payload);
}

/** Returns a payload changed in one of the ways below. */
export function mutation(random: Random, samples: readonly string[]): Buffer {
  return random.pick(ways)(random.pick(samples), random);
}

/** Returns the n-th decodable payload of one kind: not a duplicate, and hostile in every free field. */
export function readable(leaf: UpLeaf, random: Random, n: number): Buffer {
  const said = JSON.parse(random.pick(samplesOf(leaf)));
  return Buffer.from(JSON.stringify(freely[leaf](said, random, n)));
}

// biome-ignore lint/suspicious/noExplicitAny: what was parsed just now.
const freely: Record<UpLeaf, (said: any, random: Random, n: number) => unknown> = {
  presence: (said, _, n) => ({ ...said, boot: `b${n}`, session: 10 + n }),
  state(_, random, n) {
    const names: Check[] = Array.from({ length: 1 + random.below(20) }, (_none, at) => ({
      component: random.pick(['microphone', 'camera', 'pc']),
      device: `d${at}`,
      status: 'ok' as const,
      fault: null,
      reason: null,
      name: text(random),
    }));
    return { digest: digestOf(names), session: 10, rev: n, checks: names };
  },
  beat: (said, random, n) => ({ ...said, digest: `${n}`.padStart(16, '0'), n: { up: random.pick([0, -0, 1e300, 2 ** 53]), load: n } }),
  inventory: (said, random, n) => ({ ...said, hash: `${n}`.padStart(16, '0'), items: { os: free(random) } }),
  event: (said, random, n) => ({ ...said, seq: n, body: { a: free(random) } }),
  backlog: (_, random, n) => {
    const first = JSON.parse(random.pick(samplesOf('event')));
    return [0, 1].map((more) => ({ ...first, seq: 2 * n + more, body: { a: free(random) } }));
  },
};

/** Returns a hostile text within the limit of a free text field. */
function text(random: Random): string {
  return word(random).slice(0, 256);
}

/** Returns a hostile value for a free field, at most 12 levels deep. */
function free(random: Random): unknown {
  const inner = random.pick([0, -0, 1e308, 2 ** 53, null, true, '', '\ud800', '\u0000', text(random), [], {}]);
  return Array.from({ length: random.below(12) }).reduce(
    (value: unknown) => (random.below(2) === 0 ? [value] : { ['__proto__']: value, x: value }),
    inner,
  );
}

type Way = (sample: string, random: Random) => Buffer;

/** Replacements for one value of a message, as JSON text. */
const values = [
  '1e400',
  '-1e400',
  '-0',
  '9007199254740992',
  '-1',
  '0.5',
  'NaN',
  'null',
  'true',
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '[]',
  '{}',
] as const;
const depths = [10, 100, 1_000, 5_000, 10_000, 30_000] as const;

const ways: readonly Way[] = [
  // Changes of bytes: flipped, truncated, doubled, noise, invalid UTF-8, another version, too long.
  (sample, random) => {
    const bytes = Buffer.from(sample);
    for (let flips = 1 + random.below(6); flips > 0; flips -= 1) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  (sample, random) => Buffer.from(sample).subarray(0, random.below(sample.length)),
  (sample) => Buffer.from(sample + sample),
  (_, random) => Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256))),
  (sample, random) => Buffer.concat([Buffer.from([random.below(256)]), Buffer.from(sample)]),
  (sample) => Buffer.from(`${sample}${' '.repeat(70_000)}`),
  // Changes of values: one value replaced, or the whole message.
  (sample, random) => Buffer.from(withValue(sample, random, random.pick(values))),
  (sample, random) => Buffer.from(withValue(sample, random, JSON.stringify(word(random)))),
  (sample, random) => {
    const deep = random.pick(depths);
    const [open, close] = random.pick([
      ['[', ']'],
      ['{"a":', '}'],
    ] as const);
    return Buffer.from(withValue(sample, random, `${open.repeat(deep)}1${close.repeat(deep)}`));
  },
  (sample, random) => Buffer.from(withValue(sample, random, `[${'0,'.repeat(random.below(20_000))}0]`)),
  (_, random) => Buffer.from(random.pick([...values, '[[]]', '[{}]', '"x"'])),
  // Changes of keys: duplicate, additional or missing.
  (sample, random) => Buffer.from(withKey(sample, `"${random.pick(keysOf(sample))}":${random.pick(values)}`)),
  (sample, random) => Buffer.from(withKey(sample, `"${random.pick(['__proto__', 'constructor', 'x'])}":${random.pick(values)}`)),
  (sample, random) => Buffer.from(sample.replace(`"${random.pick(keysOf(sample))}"`, '"gone"')),
  (sample) => encode('event', JSON.parse(sample)),
];

function word(random: Random): string {
  return random.pick(['x'.repeat(300), 'क'.repeat(4_096), '$(reboot)', '</script>', '\u202e', "';--", '../../etc', 'a\nb']);
}

function keysOf(sample: string): string[] {
  return [...sample.matchAll(/"(\w+)":/g)].map(([, key = '']) => key);
}

/** Replaces the value of one key at any depth. */
function withValue(sample: string, random: Random, value: string): string {
  const places = [...sample.matchAll(/":(?=("(?:[^"\\]|\\.)*"|-?\d[\d.e+-]*|true|false|null))/g)];
  if (places.length === 0) return value;
  const place = random.pick(places);
  const from = place.index + 2;
  return sample.slice(0, from) + value + sample.slice(from + (place[1]?.length ?? 0));
}

function withKey(sample: string, pair: string): string {
  const at = sample.indexOf('{') + 1;
  return at === 0 ? sample : `${sample.slice(0, at)}${pair},${sample.slice(at)}`;
}
