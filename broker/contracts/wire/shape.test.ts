import { describe, expect, test } from 'vitest';
import { digestOf } from '../domain/states.ts';
import { budgets } from './budgets.ts';
import { decode, eventHash } from './messages.ts';

const event = (body: string) => Buffer.from(`{"spool":"s","seq":1,"boot":"b","at":1,"grade":"event","kind":"k","body":${body}}`);
const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;

describe('the structure of a message is checked before any recursive reader', () => {
  test('R28 an event with too many nesting levels is refused, and one at the limit is accepted', () => {
    expect(decode('event', event(nested(5_000)))).toEqual({ ok: false, reason: 'shape', detail: '5002 levels deep, at most 16' });
    expect(decode('event', event(nested(budgets.messageDepth.most - 2)))).toMatchObject({ ok: true });
    expect(decode('event', event(nested(budgets.messageDepth.most - 1)))).toMatchObject({ ok: false, reason: 'shape' });
  });

  test('S23 a message with too many values, keys or empty lists is refused', () => {
    const many = (one: string) => `[${Array(30_000).fill(one).join()}]`;
    expect(decode('event', event(`{"a":${many('0')}}`))).toMatchObject({
      reason: 'shape',
      detail: expect.stringMatching(/ values, at most 16384$/),
    });
    expect(decode('event', event(`{"a":[${Array(16_384).fill('[]').join()}]}`))).toMatchObject({ reason: 'shape' });
    expect(decode('event', event(`{"a":[${Array(8_000).fill('0').join()}]}`))).toMatchObject({ ok: true });
    expect(budgets.messageValues.most).toBe(16_384);
  });

  test('S23 a duplicate key is refused at any place, escaped or not, and brackets and colons in strings are ignored', () => {
    for (const body of ['{"a":1,"a":2}', '{"x":{"a":1,"\\u0061":2}}', '{"x":[{"a":1,"a":1}]}'])
      expect(decode('event', event(body))).toEqual({ ok: false, reason: 'shape', detail: 'a key is there twice' });
    expect(decode('event', event('{"a":"[{:,\\"[[[[[[[[[[[[[[[[[[[[","b":"\\\\"}'))).toMatchObject({ ok: true });
  });

  test('S23 2^53 is not a valid number, -0 is 0, and a value beyond the range of numbers is rejected', () => {
    const digest = digestOf([]);
    const beat = (fields: string) => Buffer.from(`{"digest":"${digest}","session":1,"at":1${fields}}`);
    expect(decode('beat', beat(',"n":{"up":-0}'))).toMatchObject({ ok: true });
    expect(decode('beat', beat(',"n":{"up":1e999}'))).toMatchObject({ ok: false, reason: 'schema' });
    expect(decode('beat', Buffer.from(`{"digest":"${digest}","session":9007199254740992,"at":1}`))).toMatchObject({ reason: 'schema' });
  });

  test('S23 a lone surrogate and __proto__ are plain data, with the same hash of the event on both sides', () => {
    const body = '{"name":"\\ud800","__proto__":{"admin":true}}';
    const read = decode('event', event(body));
    if (!read.ok) throw new Error(read.detail);
    const again = decode('event', Buffer.from(JSON.stringify(read.value)));
    expect(again).toEqual(read);
    expect(eventHash(read.value)).toBe(again.ok && eventHash(again.value));
    expect({}).not.toHaveProperty('admin');
  });

  test('R27 (quotas) a birth with an event number above 2^40 is rejected', () => {
    const said = { kind: 'birth', boot: 'b', session: 1, at: 1, digest: digestOf([]), rev: 1, agent: '1', config: 0, inventory: '' };
    const birth = (first: number, last: number) =>
      decode('presence', Buffer.from(JSON.stringify({ ...said, spool: { id: 's', first, last } })));
    const { most } = budgets.eventNumber;
    for (const last of [Number.MAX_SAFE_INTEGER, most + 1]) expect(birth(1, last)).toMatchObject({ ok: false, reason: 'schema' });
    expect(birth(most + 1, 0)).toMatchObject({ ok: false, reason: 'schema' });
    expect(birth(1, most)).toMatchObject({ ok: true });
  });
});
