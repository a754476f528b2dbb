/** Tests the phone numbers of the roster with each channel that dials a number. */
import { readFileSync } from 'node:fs';
import type { Person } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Channel } from '../../../engine/records/notices.ts';
import { planRoster } from '../../roster/import.ts';
import { channelsNamed, planOf } from '../../roster/roster.test-helper.ts';
import { notice, technician, testClock } from '../people.test-helper.ts';
import { createRoster } from '../roster.ts';
import { smsOf } from '../sms/sms.ts';
import { isPhone } from './kit/gateway.ts';
import type { Fetch } from './kit/http.ts';
import { createSms } from './sms-gateway.ts';
import { createVoice } from './voice.ts';
import { createWhatsapp } from './whatsapp.ts';

const gateway = { url: 'https://gateway.test/', method: 'POST', headers: {}, body: '{to}', accepted: 'ok', perSecond: 10 } as const;
const message = { key: '1/sms/asha', subject: 'Leh', text: 'Leh', language: 'en', severity: 'critical', notice: notice() } as const;
const registered = new Map([[smsOf(message.notice, { language: 'en', form: 'fixed' }).template, '1107000000000000000']]);
const reports = { tokenFile: '', id: 'sid', status: 'status', delivered: ['completed'], failed: ['busy'], key: 'digits' };

/** Each channel that dials a number, with a provider that records the requests. */
function dialling(): { channels: Record<string, Channel>; asked: string[] } {
  const asked: string[] = [];
  const fetch: Fetch = async (_, init) => {
    asked.push(decodeURIComponent(String(init?.body)));
    return Response.json({ ok: true, messages: [{ id: 'wamid.1' }] });
  };
  const clock = testClock();
  const secrets = { token: 'token', appSecret: 'secret', verify: 'verify' };
  const whatsapp = { number: '10000', templates: { alert: 'alert', notice: 'notice' }, api: 'https://graph.test' };
  return {
    channels: {
      sms: createSms({ settings: { ...gateway, form: 'fixed' }, secret: '', registered, clock, fetch }),
      voice: createVoice({ settings: { ...gateway, reports }, secret: '', token: 'token', clock, fetch }),
      whatsapp: createWhatsapp({ settings: whatsapp, secrets, clock, fetch }),
    },
    asked,
  };
}

async function reached(person: Person) {
  const { channels, asked } = dialling();
  const sends = Object.values(channels).map((one) => one.send(message, person, AbortSignal.timeout(5_000)));
  return { results: (await Promise.all(sends)).map(({ result }) => result), asked };
}

test('a phone number in the format of docs/guides/people.md reaches SMS, voice and WhatsApp', async () => {
  const [, printed] = /\| `phone`.*?\| `('\+[^`]+)` \|/.exec(readFileSync('docs/guides/people.md', 'utf8')) ?? [];
  expect(printed).toMatch(/ /);
  const csv = `id,name,roles,scopes,channels,phone,whatsapp\nasha,Asha Devi,technician,ladakh/leh,sms|voice|whatsapp,${printed},${printed}\n`;
  const [asha] = planRoster(planOf(csv, { channels: channelsNamed('sms', 'voice', 'whatsapp') })).change?.put ?? [];
  if (asha === undefined) throw new Error('the row of the docs was not taken');
  const { results, asked } = await reached(asha);
  expect(results).toEqual(['delivered', 'accepted', 'accepted']);
  for (const body of asked) expect(body).toContain('919876543210');
});

test('a phone number with blanks or separators is normalised, and any other address is unchanged', async () => {
  const addresses = { sms: '+91 98765-43210', voice: '0091 98765 43210', whatsapp: '+91 (0)98765 43210', matrix: '1 2 3' };
  const roster = createRoster([{ ...technician, addresses }]);
  expect((await reached(roster.person('asha'))).results).toEqual(['delivered', 'accepted', 'accepted']);
  roster.use([{ ...roster.book().members[0], addresses } as never]);
  const held = roster.person('asha').addresses;
  expect(held).toEqual({ sms: '+919876543210', voice: '+919876543210', whatsapp: '+919876543210', matrix: '1 2 3' });
  for (const name of ['sms', 'voice', 'whatsapp']) expect(isPhone(held[name] ?? '')).toBe(true);
});
