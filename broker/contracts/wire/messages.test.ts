import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { type Random, randomFrom } from '../../../test/random.ts';
import { digestOf } from '../domain/states.ts';
import { budgets } from './budgets.ts';
import {
  configuration,
  type Decoded,
  decode,
  type EventMessage,
  encode,
  eventHash,
  isHelpAddress,
  type MessageName,
  payloadLimitBytes,
  peekDigest,
} from './messages.ts';

type Sample = { sample: string; message: MessageName; payload: string };
/** Committed samples. Add new samples and never edit old ones: messages of any older PC must stay readable. */
const golden: Sample[] = JSON.parse(readFileSync(new URL('./messages.golden.json', import.meta.url), 'utf8'));
const names: MessageName[] = ['presence', 'state', 'beat', 'inventory', 'event', 'backlog', 'ack', 'config', 'cmd', 'hello'];

describe('golden samples', () => {
  test.each(golden)('$sample is decoded, and encoded again with every field unchanged', ({ message, payload }) => {
    const value = mustRead(decode(message, Buffer.from(payload)));
    const again = encode(message, value);
    expect(JSON.parse(again.toString())).toMatchObject(JSON.parse(payload));
    expect(mustRead(decode(message, again))).toEqual(value);
  });

  test('the signed text of a configuration sample is a valid configuration', () => {
    for (const { payload } of golden.filter((one) => one.message === 'config')) {
      const signed: unknown = JSON.parse(JSON.parse(payload).signed);
      expect(v.parse(configuration, signed)).toMatchObject({ ...Object(signed) });
    }
  });

  test('every kind of message has a sample', () => {
    expect(new Set(golden.map((one) => one.message))).toEqual(new Set(names));
  });

  test('R11 the digest of a state, a beat and a birth is at the fixed position, whatever the order of fields', () => {
    for (const { message, payload } of golden.filter((one) => one.payload.includes('"digest"'))) {
      const { digest, ...rest } = JSON.parse(payload);
      expect(peekDigest(encode(message, { ...rest, digest }))).toBe(digest);
    }
  });

  test('R11 the digest of the sample state equals that of its checks', () => {
    const state = mustRead(decode('state', sample('state, full')));
    expect(digestOf(state.checks)).toBe(state.digest);
  });

  test('R7 the hash of an event is the same in every version and differs for other content', () => {
    const event = mustRead(decode('event', sample('event')));
    expect(eventHash(event)).toBe('e6405ba8');
    expect(eventHash({ ...event, spool: 'other', seq: 1 })).toBe('e6405ba8');
    const others: Partial<EventMessage>[] = [{ boot: 'x' }, { at: 1 }, { grade: 'reading' }, { kind: 'x' }, { body: {} }];
    for (const other of others) expect(eventHash({ ...event, ...other })).not.toBe('e6405ba8');
  });
});

test.each([
  ['desk@example.org', true],
  ['https://chat.example.org/new?text={text}', true],
  ['desk@example.org?bcc=other@example.org', false],
  ['javascript:alert(1)?{text}', false],
  ['http://chat.example.org/new?text={text}', false],
  ['https://{text}.example.org/?a={text}', false],
  ['https://chat.example.org/?a="{text}', false],
  ['https://chat.example.org:99999/?a={text}', false],
  [`${'a'.repeat(200)}@example.org`, false],
])('whether the room card accepts the contact: %s', (address, may) => {
  expect(isHelpAddress(address)).toBe(may);
});

describe('an unreadable payload has one of five reasons', () => {
  test('oversized: one byte above the limit, but not at the limit', () => {
    expect(payloadLimitBytes).toBe(budgets.messageBytes.most);
    const padded = (size: number) => sample('beat').toString().padEnd(size, ' ');
    expect(decode('beat', Buffer.from(padded(payloadLimitBytes)))).toMatchObject({ ok: true });
    expect(decode('beat', Buffer.from(padded(payloadLimitBytes + 1)))).toMatchObject({
      ok: false,
      reason: 'oversized',
      detail: '65537 bytes, at most 65536',
    });
  });

  test.each([
    ['empty', Buffer.alloc(0), 'unknown envelope empty'],
    ['a later envelope', Buffer.from([1, 2, 3]), 'unknown envelope 1'],
    ['text', Buffer.from('hello'), 'unknown envelope 104'],
    ['JSON after a byte order mark', Buffer.from('\ufeff{}'), 'unknown envelope 239'],
  ])('version: %s', (_what, payload, detail) => {
    expect(decode('beat', payload)).toEqual({ ok: false, reason: 'version', detail });
  });

  test.each([
    ['cut off', Buffer.from('{"digest":"0123')],
    ['bad UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')])],
    ['a number that JSON does not have', Buffer.from('{"at":NaN}')],
  ])('malformed: %s', (_what, payload) => {
    expect(decode('beat', payload)).toMatchObject({ ok: false, reason: 'malformed', detail: expect.stringMatching(/^\w*Error: .{5,}/) });
  });

  type Refused = [string, MessageName, unknown, string];
  test.each<Refused>([
    ['a field is missing', 'beat', { digest: '0'.repeat(16), session: 1 }, 'at: expected "at", found undefined'],
    ['another type', 'beat', { digest: '0'.repeat(16), session: '1', at: 1 }, 'session: expected number, found "1"'],
    ['a session before the first', 'beat', { digest: '0'.repeat(16), session: 0, at: 1 }, 'session: expected >=1, found 0'],
    ['not whole', 'beat', { digest: '0'.repeat(16), session: 1.5, at: 1 }, 'session: expected a valid safe integer, found 1.5'],
    ['an object where a list belongs', 'backlog', {}, '(whole): expected Array, found Object'],
    ['unknown kind', 'presence', { kind: 'x' }, 'kind: expected ("birth" | "bye" | "lost" | "gasp"), found "x"'],
    [
      'too long',
      'state',
      { digest: '0'.repeat(16), session: 1, rev: 1, checks: Array(257).fill(aCheck()) },
      'checks: expected a length <=256, found 257',
    ],
    ...['pc.silent', 'pc.noisy', 'agent.unreadable', 'centre.slow', 'centre.of-a-later-version'].map(
      (fault): Refused => [
        `a check with ${fault}, which the centre alone can judge`,
        'state',
        { digest: '0'.repeat(16), session: 1, rev: 1, checks: [{ ...aCheck(), status: 'fault', fault }] },
        `checks.0.fault: expected a fault that a PC can judge, found "${fault}"`,
      ],
    ),
  ])('schema: %s', (_what, name, message, detail) => {
    expect(decode(name, Buffer.from(JSON.stringify(message)))).toEqual({ ok: false, reason: 'schema', detail });
  });

  test('the detail of an error is one short line, whatever keys and values contain', () => {
    const evil = `\n\r\u2028\u001b[31m${'x'.repeat(5_000)}`;
    const bad = [
      ['beat', { digest: evil, session: 1, at: 1 }],
      ['beat', { digest: '0'.repeat(16), session: 1, at: 1, n: { [evil]: 1 } }],
      ['presence', { kind: evil }],
    ] as const;
    for (const [name, message] of bad) {
      const result = decode(name, Buffer.from(JSON.stringify(message)));
      expect(result).toMatchObject({ ok: false, reason: 'schema', detail: expect.stringMatching(/^[^\p{Cc}\u2028]{10,400}$/u) });
    }
    expect(decode('beat', Buffer.from('{"a":\n\n\nx}'))).toMatchObject({ reason: 'malformed', detail: expect.not.stringContaining('\n') });
  });
});

test('unknown fields are ignored, so that messages of a newer PC stay readable', () => {
  const beat = JSON.parse(sample('beat').toString());
  expect(decode('beat', Buffer.from(JSON.stringify({ ...beat, later: { deep: [1] } })))).toEqual({ ok: true, value: beat });
});

describe('seeded mutations of each message', () => {
  const rounds = ofTier(2_000, 10_000);

  test.each(names)('%s: decoding never throws, and a decoded message survives encoding and decoding', (name) => {
    const random = randomFrom(names.indexOf(name) + 1);
    const samples = golden.filter((one) => one.message === name).map((one) => one.payload);
    const met = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const payload = mutated(random.pick(samples), random);
      const result = decode(name, payload);
      peekDigest(payload);
      const key = result.ok ? 'ok' : result.reason;
      met.set(key, (met.get(key) ?? 0) + 1);
      if (result.ok) {
        const again = encode(name, result.value);
        expect(encode(name, mustRead(decode(name, again))).equals(again), payload.toString()).toBe(true);
      }
      if (!result.ok && !/^.{1,400}$/.test(result.detail)) expect.unreachable(`detail of round ${round}: ${result.detail}`);
    }
    for (const key of ['ok', 'version', 'malformed', 'schema']) expect(met.get(key), key).toBeGreaterThan(20);
  });
});

function aCheck() {
  return { component: 'camera', device: 'a', status: 'ok' as const, fault: null, reason: null };
}

function sample(name: string): Buffer {
  const found = golden.find((one) => one.sample === name);
  if (!found) throw new Error(`no sample ${name}`);
  return Buffer.from(found.payload);
}

function mustRead<T>(result: Decoded<T>): T {
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  return result.value;
}

/** Mutates a valid payload: bytes changed, cut, duplicated, or one value replaced by a hostile value. */
function mutated(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text);
  switch (random.below(6)) {
    case 0:
      bytes[random.below(bytes.length)] = random.below(256);
      return bytes;
    case 1:
      return bytes.subarray(0, random.below(bytes.length));
    case 2:
      return Buffer.from(Array.from({ length: random.below(64) }, () => random.below(256)));
    case 3:
      return Buffer.concat([bytes.subarray(0, random.below(bytes.length)), bytes.subarray(random.below(bytes.length))]);
    default:
      return Buffer.from(JSON.stringify(replaced(JSON.parse(text), random)));
  }
}

const hostile = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  '',
  'x',
  '$(reboot)"</script>',
  '\0\n',
  'न'.repeat(300),
  [],
  {},
  [[]],
  { kind: 'birth' },
];

function replaced(value: unknown, random: Random): unknown {
  if (value === null || typeof value !== 'object' || random.next() < 0.1) return random.pick(hostile);
  const keys = Object.keys(value);
  const key = keys.length > 0 ? random.pick(keys) : 'x';
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  if (random.next() < 0.1) delete copy[key];
  else if (random.next() < 0.2) copy[random.pick(['__proto__', 'constructor', 'later', '0'])] = random.pick(hostile);
  else copy[key] = replaced(copy[key], random);
  return copy;
}
