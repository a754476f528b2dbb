import fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import type { Announcement } from '../../engine/records/notices.ts';
import { createAnswerLinks } from './reply-link.ts';
import { addNotices } from './routes.ts';

const at = Date.UTC(2027, 0, 13, 6);
const day = 24 * 3_600_000;
const notice: Announcement = { id: 3, at, by: 'Anil <b>', to: 'ladakh', text: 'The line is "changed" <script>', persons: ['asha'] };

function rig() {
  const app = fastify();
  onTestFinished(() => app.close());
  let now = at;
  const key = Buffer.alloc(32, 3);
  const links = createAnswerLinks({ key, now: () => now, about: 'notice' });
  const others = createAnswerLinks({ key, now: () => now });
  const read: string[] = [];
  addNotices(app, {
    announcements: {
      show: async (id, person) => (id === 3 && notice.persons.includes(person) ? notice : undefined),
      async read(id, person) {
        read.push(`${person} ${id}`);
      },
    },
    answers: { languageOf: (person) => (person === 'asha' ? 'hi' : undefined) },
    links,
    clock: { now: () => now, up: () => 0, after: () => () => {} },
    timeZone: 'Asia/Kolkata',
    head: { style: '<style>main {}</style>', script: '', inline: { scripts: [], styles: ['sha256-x'] } },
  });
  const ask = (method: 'GET' | 'POST', token: string) =>
    app.inject({
      method,
      url: `/n?${token}`,
      ...(method === 'POST' && { payload: 'word=read', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    });
  const pass = (ms: number) => {
    now += ms;
  };
  return { ask, read, links, others, pass };
}

test('the announcement page shows the announcement in the language of the person on GET, and records on POST that it was read', async () => {
  const { ask, read, links } = rig();
  const token = links.token('asha', 3);
  const page = await ask('GET', token);
  expect(page.statusCode).toBe(200);
  for (const part of ['lang="hi"', 'आपके लिए सूचना', 'मैंने पढ़ लिया', 'Anil &#60;b&#62;', '13 जनवरी, 11:30']) expect(page.body).toContain(part);
  expect(page.body).not.toContain('<script>');
  expect(page.body).toContain('<style>main {}</style>');
  expect(page.headers['content-security-policy']).toMatch(/style-src 'self' 'sha256-x';.* frame-ancestors 'none'/);
  expect(read).toEqual([]);
  const done = await ask('POST', token);
  expect([done.statusCode, read]).toEqual([200, ['asha 3']]);
  expect(done.body).toContain('धन्यवाद');
});

test('the announcement page shows one line and records nothing for an invalid link, another person or a missing announcement', async () => {
  const { ask, read, links, others, pass } = rig();
  const status = async (token: string) => [(await ask('GET', token)).statusCode, (await ask('POST', token)).statusCode];
  expect(await status(others.token('asha', 3))).toEqual([404, 404]);
  expect(await status(links.token('bina', 3))).toEqual([410, 410]);
  expect(await status(links.token('asha', 4))).toEqual([410, 410]);
  expect(await status(`${links.token('asha', 3)}0`)).toEqual([404, 404]);
  const token = links.token('asha', 3);
  pass(13 * day);
  expect((await ask('GET', token)).statusCode).toBe(200);
  pass(2 * day);
  expect(await status(token)).toEqual([410, 410]);
  expect(read).toEqual([]);
});
