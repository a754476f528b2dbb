import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hostileNames } from '../../../test/names.ts';
import { randomFrom } from '../../../test/random.ts';
import { faulty, knownOf, working } from './card.test-helper.ts';
import { pageOf } from './page.ts';
import { statementOf } from './statement.ts';

const pageFor = (...known: Parameters<typeof knownOf>) => pageOf(statementOf(knownOf(...known))).join('1790000000000');
const muted = faulty('microphone.muted', { device: 'usb', name: 'Room mic' });

test('the page of the room card loads nothing, and its policy allows only its own script', () => {
  const html = pageFor([muted], { help: 'desk@example.org' });
  const [, script = ''] = /<script>(.*)<\/script>/s.exec(html) ?? [];
  expect(html).toContain(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash('sha256', script, 'base64')}'`);
  expect(html.match(/(?:https?|file|data):/g)).toBeNull();
  expect(html.match(/ (?:src|on\w+|srcset|style)=/g)).toBeNull();
});

test('the page of the room card links the pages of the server, and has no such link without HTTPS', () => {
  const docs = 'https://sabha.example.org:8443/docs/';
  expect(pageOf(statementOf({ ...knownOf(working), docs })).join('1')).toMatch(
    /href="https:\/\/sabha\.example\.org:8443\/docs\/">.*Pages about/,
  );
  expect(pageFor(working)).not.toContain('/docs/');
});

test('the page of the room card is shown as stale until its script has checked the time, and without a script', () => {
  const html = pageFor(working);
  expect(html).toContain('<section id="now" class="ready" hidden>');
  expect(html).toMatch(/<section id="old" class="unknown">\s*<div lang="en"><h2>\? This page is out of date/);
});

test('the page of the room card has a part for each language of the site, and takes the first as page language', () => {
  const html = pageFor([muted], { languages: ['hi', 'en'] });
  expect(html).toContain('<html lang="hi" data-written="1790000000000">');
  expect(html.indexOf('माइक साउंड सेटिंग में म्यूट है')).toBeGreaterThan(0);
  expect(html.indexOf('Microphone muted in the sound settings')).toBeGreaterThan(html.indexOf('माइक साउंड सेटिंग में म्यूट है'));
  expect(pageFor([muted], { languages: ['hi'] })).not.toContain('Microphone muted');
});

test('the page of the room card escapes 200 hostile names of devices, rooms and sites, and keeps its HTML elements and a small size', () => {
  const elements = (html: string) => html.match(/<[^\s>]*/g);
  const plain = elements(pageFor([muted]));
  const random = randomFrom(11);
  for (const name of hostileNames(random, 200)) {
    const place = { site: { en: name, hi: name }, room: { en: name, hi: name } };
    const known = { ...knownOf([{ ...muted, device: name, name, reason: name }]), place };
    const html = pageOf(statementOf(known)).join('1');
    expect(elements(html), name).toEqual(plain);
    expect(html.length).toBeLessThan(60_000);
  }
});
