/** The editor of a real Node-RED, through its HTTP API. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Live, startLive } from '../tabs.test-helper.ts';

let live: Live;

beforeAll(async () => {
  live = await startLive();
});
afterAll(() => live.stop());

test.each(['incident', 'wait', 'deliver', 'offer', 'outcome', 'conclude', 'correlate'])(
  'the editor serves label and help of %s in English and Hindi',
  async (name) => {
    for (const { language, hindi } of languages) {
      const label = (await served({ name, file: name, language, hindi }))['label'];
      expect(/\p{Script=Devanagari}/u.test(label ?? '')).toBe(hindi);
    }
  },
);

test.each(['who', 'urgency', 'which'])('the editor serves label and help of the node %s in English and Hindi', async (name) => {
  for (const { language, hindi } of languages)
    for (const word of Object.values(await served({ name, file: 'decide', language, hindi })))
      expect(/\p{Script=Devanagari}/u.test(String(word)), String(word)).toBe(hindi);
});

const languages = [
  { language: 'en-US', hindi: false },
  { language: 'hi', hindi: true },
];
type EditorCase = (typeof languages)[number] & { name: string; file: string };

/** Returns the texts of a node's dialog, after checking that its help is in the same language. */
async function served({ name, file, language, hindi }: EditorCase): Promise<Record<string, string>> {
  const headers = { ...live.headers, accept: 'text/html', 'accept-language': language };
  const html = await (await fetch(`${live.address}/nodes`, { headers })).text();
  const help = html.match(new RegExp(`data-help-name="sabha-${name}">([^]*?)</script>`))?.[1] ?? '';
  expect(help.length).toBeGreaterThan(200);
  expect(/\p{Script=Devanagari}/u.test(help)).toBe(hindi);
  const address = `${live.address}/nodes/@sabha/flow-nodes/sabha-${file}/messages?lng=${language}`;
  return (await (await fetch(address, { headers })).json())[name];
}

test('the dialog of the who node receives roles, groups and persons of the roster, only with a session', async () => {
  expect(await (await fetch(`${live.address}/sabha/people`, { headers: live.headers })).json()).toEqual({
    roles: ['technician', 'state', 'central'],
    groups: ['vendors'],
    persons: [{ id: 'asha', name: 'Asha Devi', role: 'technician', scope: 'ladakh/leh' }],
  });
  expect((await fetch(`${live.address}/sabha/people`)).status).toBe(401);
});

test('the try button of the editor returns the result of a replay, only with a session', async () => {
  const body = JSON.stringify(live.tabs.running());
  const ask = (headers: Record<string, string>) =>
    fetch(`${live.address}/sabha/try`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  expect(await (await ask(live.headers)).json()).toEqual({ ok: true, value: live.tabs.running().length });
  expect((await ask({})).status).toBe(401);
});

test('the dialog of the which node receives each fault and each group of faults', async () => {
  const faults = await (await fetch(`${live.address}/sabha/faults`, { headers: live.headers })).json();
  expect(faults).toEqual(expect.arrayContaining(['link.*', 'microphone.missing']));
});

test('the editor API returns 401 without a token, 403 for a wrong password, and 403 for a foreign Origin', async () => {
  expect((await fetch(`${live.address}/flows`)).status).toBe(401);
  expect(await (await fetch(`${live.address}/sabha/channels`, { headers: live.headers })).json()).toEqual(['console', 'email', 'webhook']);
  expect((await fetch(`${live.address}/sabha/channels`)).status).toBe(401);
  const wrong = { client_id: 'node-red-editor', grant_type: 'password', scope: '*', username: 'sabha', password: 'open' };
  const body = JSON.stringify(wrong);
  expect(
    (await fetch(`${live.address}/auth/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status,
  ).toBe(403);
  expect((await fetch(`${live.address}/flows`, { headers: { ...live.headers, origin: 'http://evil.example' } })).status).toBe(403);
});
