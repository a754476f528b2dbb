import { parseJsonAs } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { seeded } from '../../checks/agent.test-helper.ts';
import { type FromHelper, fromHelper, type ToHelper, toHelper } from './messages.ts';
import { checksMessage, profile } from './session-helper.test-helper.ts';

const camera = checksMessage('camera.missing').probes[0]?.checks ?? [];
const up: FromHelper[] = [
  checksMessage(),
  checksMessage('camera.held'),
  { type: 'alive' },
  { type: 'proof' },
  { type: 'done', id: 3, result: { done: false, reason: 'no' } },
  { type: 'mended', mended: { what: 'fixed', steps: [{ did: 'muted', name: 'माइक' }] } },
];
const down: ToHelper[] = [
  { type: 'prove', nonce: 'ab'.repeat(16) },
  { type: 'refused', why: 'no' },
  { type: 'room', pc: 'a/b/c', profile, place: { site: { en: 'Leh', hi: 'लेह' }, room: { en: 'Hall', hi: 'हॉल' } }, checks: camera },
  { type: 'order', id: 1, order: { verb: 'set-default-device', kind: 'speaker', name: 'Bar' } },
  { type: 'order', id: 2, order: { verb: 'look' } },
];

test('the message codec decodes each message of either process as it was sent, without unknown fields', () => {
  for (const message of up) expect(parseJsonAs(fromHelper, JSON.stringify({ ...message, later: 1 }))).toEqual(message);
  for (const message of down) expect(parseJsonAs(toHelper, JSON.stringify({ ...message, later: 1 }))).toEqual(message);
  expect(parseJsonAs(toHelper, JSON.stringify({ type: 'room', pc: 'a/b/c', profile, checks: [] }))).toMatchObject({ pc: 'a/b/c' });
});

test('S15 the message codec refuses 20,000 corrupted lines or decodes them to a valid message', () => {
  const random = seeded(11);
  const pick = (most: number) => Math.floor(random() * most);
  let refused = 0;
  for (const [schema, messages] of [
    [fromHelper, up],
    [toHelper, down],
  ] as const) {
    for (let n = 0; n < 10_000; n += 1) {
      const bytes = Buffer.from(JSON.stringify(messages[pick(messages.length)]));
      for (let change = pick(4); change >= 0; change -= 1) bytes[pick(bytes.length)] = pick(256);
      const read = parseJsonAs(schema, bytes.toString('utf8', 0, random() < 0.2 ? pick(bytes.length) : bytes.length));
      if (read === undefined) refused += 1;
      // A decoded message decodes to itself.
      else expect(parseJsonAs(schema, JSON.stringify(read))).toEqual(read);
    }
    for (const text of ['', 'null', '[]', '7', '"alive"', '{}', '{"type":"__proto__"}', `${'['.repeat(100_000)}`, '{"type":"alive"'])
      expect(parseJsonAs(schema, text), text.slice(0, 20)).toBeUndefined();
  }
  expect(refused).toBeGreaterThan(10_000);
});

test('the message codec refuses checks of a component that the service itself checks, and faults that only the server raises', () => {
  const said = (name: string, check: object) =>
    parseJsonAs(fromHelper, JSON.stringify({ type: 'checks', probes: [{ name, checks: [{ ...camera[0], ...check }] }] }));
  expect(said('camera', {})).toBeDefined();
  expect(said('path', {})).toBeUndefined();
  expect(said('camera', { fault: 'pc.silent' })).toBeUndefined();
  expect(said('camera', { device: 'x'.repeat(129) })).toBeUndefined();
});
