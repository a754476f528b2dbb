/** Messages that no agent sends, made from those that it does: seeded, so that a run replays. */
import { readFileSync } from 'node:fs';
import { encode, type UpLeaf } from '#contracts';
import type { Random } from '../random.ts';

type Sample = { message: string; payload: string };
const golden: Sample[] = JSON.parse(readFileSync(new URL('../../broker/contracts/wire/messages.golden.json', import.meta.url), 'utf8'));

/** The payloads of one kind that a real agent sends. */
export function samplesOf(leaf: UpLeaf): string[] {
  return golden.filter(({ message }) => message === leaf).map(({ payload }) => payload);
}

/** One payload that is wrong in one of the ways below, or in none. */
export function mutation(random: Random, samples: readonly string[]): Buffer {
  return random.pick(ways)(random.pick(samples), random);
}

type Way = (sample: string, random: Random) => Buffer;

/** In place of one value of the message, as JSON text. */
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
  // Bytes: flipped, cut, doubled, noise, no UTF-8, another version, too long.
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
  // Values: one of the message is another, or the whole message is.
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
  // Keys: one that is there twice, one too many, one that is gone.
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

/** The text with the value of one key, wherever it stands, replaced. */
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
