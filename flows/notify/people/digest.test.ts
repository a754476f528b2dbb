import type { MessageLanguage } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Notice } from '../../engine/records/notices.ts';
import { type ListOptions, renderList } from './outbox.ts';
import { notice } from './people.test-helper.ts';

const renderDigest = (notices: readonly Notice[], language: MessageLanguage, way: Omit<ListOptions, 'kind'> = {}) =>
  renderList(
    notices.map((one) => ({ notice: one, over: false })),
    language,
    { kind: 'night', ...way },
  );

test('the morning digest lists place, fault and urgency, the most severe first, in both languages', () => {
  const major = notice({ severity: 'major', room: { en: 'Small room', hi: 'छोटा कमरा' } });
  const { subject, text } = renderDigest([major, notice()], 'en');
  expect(subject).toBe('2 alerts of the night');
  expect(text.split('\n').slice(0, 2)).toEqual(['2 alerts of the night', 'Still open this morning:']);
  expect(text.split('\n')[2]).toMatch(/^• .*\. Critical$/);
  expect(text.split('\n')[3]).toMatch(/^• .*Small room: .*\. Important$|^• .*Small room: .*\. Major$/);
  expect(renderDigest([major, notice()], 'hi')).toMatchObject({ subject: 'रात के 2 अलर्ट', text: expect.stringContaining('छोटा कमरा') });
});

test('each open incident in a digest is followed by its link, an ended incident has no link, and a long list is cut and counted', () => {
  const other = notice({ incident: 18, room: { en: 'Small room', hi: '' } });
  const linkOf = ({ incident }: { incident: number | null }) => (incident === 17 ? 'https://a.example/t?17' : undefined);
  const morning = renderDigest([notice(), other], 'en', { linkOf }).text.split('\n');
  expect(morning.filter((line) => line.includes('https:'))).toEqual(['https://a.example/t?17']);
  expect(morning[morning.indexOf('https://a.example/t?17') - 1]).toMatch(/^• Leh, Conference room/);
  const late = [
    { notice: notice(), over: true },
    { notice: other, over: false },
  ];
  expect(renderList(late, 'en', { kind: 'late', linkOf: () => 'https://a.example/t?x' }).text.match(/https:/g)).toHaveLength(1);
  const many = Array.from({ length: 600 }, (_, at) => notice({ incident: at + 1 }));
  const { text } = renderDigest(many, 'en', { linkOf: ({ incident }) => `https://a.example/t?${incident}` });
  expect(text.length).toBeLessThan(1_400);
  expect(text).toContain(`and ${600 - (text.match(/^•/gm)?.length ?? 0)} more`);
});
