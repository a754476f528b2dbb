import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { answerUrl, createAnswerLinks, loadAnswerLinkKey } from './reply-link.ts';

const hour = 3_600_000;
const key = Buffer.alloc(32, 7);

function rig(other = key) {
  let at = Date.UTC(2026, 2, 3, 8);
  const pass = (ms: number) => {
    at += ms;
  };
  return { links: createAnswerLinks({ key: other, now: () => at }), pass };
}

/** Returns all variants of a token that differ from it in one bit. */
const flipped = (token: string) =>
  [...token].flatMap((letter, at) =>
    [...Array(7).keys()].map((bit) => token.slice(0, at) + String.fromCharCode(letter.charCodeAt(0) ^ (1 << bit)) + token.slice(at + 1)),
  );

test('an answer link contains its person and incident and is valid for a day', () => {
  const { links, pass } = rig();
  const token = links.token('asha', 17);
  expect(links.read(token)).toEqual({ ok: true, person: 'asha', incident: 17, id: token.split('.').at(-1) });
  pass(24 * hour);
  expect(links.read(token)).toMatchObject({ ok: true });
  pass(1_001);
  expect(links.read(token)).toEqual({ ok: false, why: 'late' });
});

test('a changed answer link is rejected: one flipped bit, another person, incident or expiry, or only a part of the link', () => {
  const { links } = rig();
  const token = links.token('asha', 17);
  const forged = [
    token.replace('asha', 'bina'),
    token.replace('.17.', '.18.'),
    `${token.slice(0, -1)}z`,
    token.slice(0, -1),
    `${token}0`,
    '',
  ];
  expect([...flipped(token), ...forged].filter((one) => links.read(one).ok)).toEqual([]);
});

test('an answer link that another server signed is rejected', () => {
  const other = rig(Buffer.alloc(32, 8));
  const { links } = rig();
  const named = ['a', 'asha', '0', 'kargil-clerk-2', 'x'.repeat(32)].flatMap((person) =>
    [1, 17, 9_999_999].map((incident) => ({ person, incident })),
  );
  for (const { person, incident } of named) {
    expect(links.read(links.token(person, incident))).toMatchObject({ ok: true, person, incident });
    expect(links.read(other.links.token(person, incident))).toEqual({ ok: false, why: 'wrong' });
  }
});

test('the key of the answer links is created once with file mode 600, and an invalid key file stops the start with one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-link-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'answer.key');
  let made = 0;
  const random = (bytes: number) => Buffer.alloc(bytes, ++made);
  expect([loadAnswerLinkKey(file, random), loadAnswerLinkKey(file, random)]).toEqual([Buffer.alloc(32, 1), Buffer.alloc(32, 1)]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, 'short');
  expect(() => loadAnswerLinkKey(file, random)).toThrow(/answer\.key: is not a key of 32 bytes/);
});

test('an answer link for SMS has at most 18 characters, belongs to a person who was notified, and is valid for a day', () => {
  let at = Date.UTC(2026, 2, 3, 8);
  const told: Record<number, string[]> = { 17: ['bina', 'asha'], 9999999: ['asha'] };
  const links = createAnswerLinks({ key, now: () => at, toldOf: (incident) => told[incident] ?? [] });
  for (const incident of [17, 9_999_999]) {
    const token = links.shortToken('asha', incident);
    expect(token.length).toBeLessThanOrEqual(18);
    expect(links.read(token)).toMatchObject({ ok: true, person: 'asha', incident });
    expect(answerUrl(`/?${token}`)).toBe(`/t?${token}`);
  }
  const token = links.shortToken('asha', 17);
  expect([...flipped(token), `${token}0`, token.slice(1), '', 'x'.repeat(18)].filter((one) => links.read(one).ok)).toEqual([]);
  expect(links.read(links.shortToken('chand', 17))).toEqual({ ok: false, why: 'wrong' });
  expect(createAnswerLinks({ key: Buffer.alloc(32, 8), now: () => at, toldOf: () => ['asha'] }).read(token)).toMatchObject({ ok: false });
  at += 26 * hour;
  expect(links.read(token)).toEqual({ ok: false, why: 'late' });
});

test('only a URL with a short token is rewritten to the answer page', () => {
  const others = ['/', '/?', '/?#/incident/17', '/?lang=hi', '/t?123456789amhc1', '/login.html?password', '/?a.b.c'];
  for (const url of [...others, `/?${'x'.repeat(40)}`]) expect(answerUrl(url)).toBe(url);
});
