import { expect, test } from 'vitest';
import { deliverAct, outcomeOf, readMessage, waitAct } from './rules.ts';
import { now, wireMessage } from './tabs.test-helper.ts';

test('readMessage returns the same message object, with fields that other nodes added', () => {
  const message = { ...wireMessage(), ours: 'kept' };
  const read = readMessage(message);
  expect(read.ok && read.message).toBe(message);
});

test.each([
  ['a text', 'hello', '(whole): expected Object, found "hello"'],
  ['an inject by hand', { payload: 1 }, 'transition: expected "transition", found undefined'],
  [
    'a severity that does not exist',
    { ...wireMessage(), severity: 'urgent' },
    'severity: expected ("critical" | "major" | "minor" | "info"), found "urgent"',
  ],
  ['recipients that are no list', { ...wireMessage(), to: 'technician' }, 'to: expected Array, found "technician"'],
])('readMessage refuses this message with one line: %s', (_, msg, line) => {
  expect(readMessage(msg)).toEqual({ ok: false, line: `not a message of the wires: ${line}` });
});

test('R23 the node deliver makes one act for all recipients, with the current severity of the message', () => {
  const message = wireMessage({ to: ['technician', 'asha'], severity: 'minor' });
  const made = deliverAct(message, 'email');
  expect(made).toEqual({ ok: true, act: { do: 'deliver', channel: 'email', to: ['technician', 'asha'], severity: 'minor' } });
  expect(message.acts).toEqual([]);
});

test('R22 the hold of the node wait counts from the transition, and the node keeps the fields that rules may have changed', () => {
  const message = wireMessage({
    severity: 'minor',
    holdMs: 70_000,
    to: ['asha'],
    transition: { id: 1, offer: 2, kind: 'raised', at: now - 10_000 },
  });
  expect(waitAct(message, { node: 'w', forMs: 15_000, unlessAcknowledged: true }, now)).toEqual({
    do: 'wait',
    node: 'w',
    dueAt: now + 5_000,
    unlessAcknowledged: true,
    message: { severity: 'minor', holdMs: 70_000, to: ['asha'] },
  });
});

test('outcomeOf takes the outcome from the dialog of the outcome node, and returns a retry for a caught error', () => {
  const msg = { payload: 'sent', sabha: { key: '7/telegram/asha' } };
  const key = msg.sabha.key;
  expect(outcomeOf(msg, 'delivered')).toEqual({ ok: true, key, outcome: { result: 'delivered' } });
  expect(outcomeOf(msg, 'refused')).toMatchObject({ ok: true, outcome: { result: 'refused', reason: expect.stringMatching(/\S/) } });
  const error = { message: 'chat\nnot found' };
  expect(outcomeOf({ ...msg, error }, 'delivered')).toEqual({ ok: true, key, outcome: { result: 'retry', reason: 'chat not found' } });
  expect(outcomeOf({ payload: 'sent' }, 'delivered')).toMatchObject({
    ok: false,
    line: expect.stringContaining('not a message that an offer node gave out: sabha: '),
  });
});
