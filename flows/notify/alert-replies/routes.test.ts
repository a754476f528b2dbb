import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyAccounts, emptySiteOrders, scriptedView } from '../../api/scripted-view.test-helper.ts';
import { type Api, startApi } from '../../api/server.ts';
import { testClock } from '../people/people.test-helper.ts';
import { answersRig } from './alert-replies.test-helper.ts';
import { addAnswers } from './routes.ts';

let rig: ReturnType<typeof answersRig>;
let clock: ReturnType<typeof testClock>;
let api: Api;
let wallDir: string;
beforeEach(async () => {
  rig = answersRig();
  clock = testClock();
  wallDir = await mkdtemp(join(tmpdir(), 'sabha-tap-'));
  await writeFile(join(wallDir, 'index.html'), '<!doctype html>');
  api = await startApi({
    port: 0,
    view: scriptedView(),
    siteOrders: emptySiteOrders(),
    accounts: emptyAccounts(),
    wallDir,
    modulesDir: 'node_modules',
    log: { warn() {}, error() {} },
    addAnswers: (app, head) => addAnswers(app, { ...rig, clock, head }),
  });
});
afterEach(async () => {
  await api.close();
  await rm(wallDir, { recursive: true });
});

const url = (token: string, path = '/t') => `http://127.0.0.1:${api.port}${path}?${token}`;
const get = (token: string, headers: Record<string, string> = {}) => fetch(url(token), { headers });
const post = (token: string, fields: Record<string, string>) =>
  fetch(url(token), { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
const token = (person = 'bina') => rig.links.token(person, rig.incident);

test('the answer page records no answer on GET, so that a mail scanner that opens the link answers nothing', async () => {
  const text = await (await get(token())).text();
  expect(text).toContain('Critical: Microphone not found');
  const call = '<a class="tel" href="tel:01982252010" aria-label="Call the room: 01982 252010">01982 252010</a>';
  expect(text).toContain(`<li>Call the room: ${call}</li>`);
  expect(text).toContain('Leh &#60;office&#62;');
  expect(text).not.toContain('<office>');
  await fetch(url(token()), { method: 'HEAD' });
  expect([rig.stage.incident()?.answers, rig.audit, rig.ordered]).toEqual([undefined, [], []]);
});

test('the answer page records an answer once on POST and redirects; its headers forbid frames and foreign scripts', async () => {
  const own = token();
  const done = await post(own, { word: 'going', holder: '' });
  expect([done.status, done.headers.get('location')]).toEqual([303, `/t?${own}`]);
  const page = await get(own);
  expect(await page.text()).toMatch(/You have it since 14:00[\s\S]*value="going" disabled/);
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(page.headers.get('cache-control')).toBe('no-store');
  const again = await post(own, { word: 'going' });
  expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('You already gave this answer with this link.')]);
});

test('the answer page shows one message, in the language of person or browser, for an invalid link or an unknown answer', async () => {
  const own = token();
  const forged = `${own.slice(0, 5)}${own[5] === '0' ? '1' : '0'}${own.slice(6)}`;
  const said = async (response: Promise<Response>) => {
    const { status, text } = await response.then(async (one) => ({ status: one.status, text: await one.text() }));
    return `${status} ${/<h1>(.*)<\/h1>/.exec(text)?.[1]}`;
  };
  expect(await said(get(forged))).toMatch(/^404 This link is not valid/);
  expect(await said(get(forged, { 'accept-language': 'hi-IN,hi;q=0.9' }))).toMatch(/^404 यह लिंक सही नहीं है/);
  expect(await said(get(rig.links.token('chandra', rig.incident)))).toMatch(/^410 This link belongs to a person who no longer receives/);
  expect(await said(get(rig.links.token('bina', 999)))).toMatch(/^410 This alert is no longer stored/);
  expect(await said(post(own, { word: 'reboot' }))).toMatch(/^400 /);
  expect(await said(post(own, {}))).toMatch(/^400 /);
  rig.wait(25 * 3_600_000);
  expect(await said(get(own))).toMatch(/^410 This link is older than a day/);
  expect(await said(post(own, { word: 'going' }))).toMatch(/^410 This link is older than a day/);
  expect(rig.stage.incident()?.answers).toBeUndefined();
});

test('the answer page returns 429 for repeated invalid links, and does not delay a valid link', async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => get(`${'0'.repeat(32)}.bina.${at + 1}.abc`)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404, 429]));
  expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('60');
  expect((await get(token())).status).toBe(200);
});

test('the answer page asks for confirmation before a person takes over the incident of another person', async () => {
  await rig.answers.answer('asha', rig.incident, 'going');
  const ask = await post(token(), { word: 'going', holder: '' });
  const text = await ask.text();
  expect([ask.status, text]).toEqual([
    409,
    expect.stringMatching(
      /Room<\/p><p>Critical: Microphone not found<\/p><h1>Asha has it since 14:00\. Do you take it over\?[\s\S]*name="holder" value="Asha"/,
    ),
  ]);
  expect((await post(token(), { word: 'going', holder: 'Asha' })).status).toBe(303);
  expect(rig.stage.incident()?.acknowledged?.by).toBe('Bina');
});

test('the answer page receives each change of its incident while it is open, and its listener is removed when it closes', async () => {
  const stop = new AbortController();
  const live = await fetch(url(token(), '/t/live'), { signal: stop.signal });
  const reader = live.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader?.read())?.value ?? '';
  expect(await next()).toContain('"cure":"broken"');
  await rig.answers.answer('asha', rig.incident, 'going');
  expect(await next()).toContain('Asha has it since 14:00.');
  expect(await (await get(token())).text()).toMatch(/<form method="post" action="[^"]+" [^>]*[^n]>/);
  rig.mend();
  expect(await next()).toMatch(/"steps":\[\],"cure":"well","status":"Works again since/);
  // A page without a script has no steps and no form either once all is well.
  expect(await (await get(token())).text()).toMatch(/<ol id="steps"><\/ol>[\s\S]*<form method="post" action="[^"]+" [^>]* hidden>/);
  stop.abort();
  await expect.poll(() => rig.listeners.size).toBe(0);
});

test('"I am here" shows the running checks and then their result, with and without a script, and GET starts nothing', async () => {
  const own = token();
  const stop = new AbortController();
  const live = await fetch(url(own, '/t/live'), { signal: stop.signal });
  const reader = live.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader?.read())?.value ?? '';
  expect(await next()).toContain('"line":""');
  const done = await post(own, { word: 'here' });
  expect([done.status, done.headers.get('location')]).toEqual([303, `/t?${own}`]);
  const page = await (await get(own)).text();
  expect(page).toContain('<p id="line" class="line" aria-live="polite">The room is being checked. The result appears here.</p>');
  // Without a script the page reloads itself until the result is known.
  expect(page).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>');
  expect(rig.ordered).toHaveLength(1);
  rig.says('done');
  await rig.clock.pass(12_000);
  let news = '';
  while (!news.includes('Checked')) news += await next();
  expect(news).toContain('Checked at 14:00. Still there: Microphone not found.');
  const after = await (await get(own)).text();
  expect(after).toContain('Checked at 14:00. Still there: Microphone not found.');
  expect(after).toContain('<li>Bina is there (14:00)</li>');
  expect(after).not.toContain('http-equiv="refresh"');
  stop.abort();
});
