import { expect, test } from 'vitest';
import { technician } from '../people.test-helper.ts';
import { conformance, message } from './conformance.test-helper.ts';
import { createConsole } from './console.ts';

type Line = { fields: { key: string; text: string; severity: string; person: string }; words: string };

function rig() {
  const lines: Line[] = [];
  const channel = createConsole((fields, words) => lines.push({ fields: fields as Line['fields'], words }));
  return { channel, lines };
}

conformance(technician, [], async () => {
  const { channel, lines } = rig();
  const taken = () => lines.map(({ fields, words }) => ({ key: fields.key, text: fields.text, subject: words.slice('to asha: '.length) }));
  return { channel, taken, close: async () => {} };
});

test('a message on the console is one log line with the person, the urgency and the text', async () => {
  const { channel, lines } = rig();
  await channel.send(message(), technician, AbortSignal.timeout(1_000));
  expect(lines).toEqual([
    {
      fields: { key: '1/x/asha', severity: 'critical', person: 'asha', text: 'one\ntwo\n' },
      words: 'to asha: Critical: Microphone not found',
    },
  ]);
});
