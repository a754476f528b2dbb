/** Compares all kinds of messages, as people receive them, with the snapshot `words.golden.txt`. */

import { messageLanguages, type OutageCause } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Notice } from '../../engine/records/notices.ts';
import { notice } from './people.test-helper.ts';
import { render } from './words.ts';

const since = Date.UTC(2026, 2, 3, 8, 35);
const at = since + 15 * 60_000;
const day = 24 * 3_600_000;
const fault = (id: string, name: string | null = null, reason: string | null = null) => ({ fault: id, device: '', name, reason, since });
const leh: Partial<Notice> = {
  state: { en: 'Ladakh', hi: 'लद्दाख' },
  phone: '+91 1982 252010',
  wayIn: 'Key at the guard, gate 2',
  spare: 'USB microphone',
  line: 'BSNL LEH-01',
};
const before = [
  { fault: 'microphone.missing', name: 'Jabra', at: since - day },
  { fault: 'power.on_battery', name: null, at: since - 5 * day },
  { fault: 'pc.silent', name: null, at: since - 9 * day },
];
const away = (cause: OutageCause, confidence: number): Partial<Notice> => ({
  faults: [fault('pc.silent')],
  outage: { cause, confidence, from: since - 120_000, to: null },
});
const back = (cause: OutageCause, confidence: number): Partial<Notice> => ({
  ...away(cause, confidence),
  kind: 'cleared',
  ready: true,
  outage: { cause, confidence, from: since - 120_000, to: at },
});
const room = (place: string, pc: string) => ({ ...fault('centre.unheard', `Conference room, District office ${place}`), device: pc });

const offices = { en: 'All offices', hi: 'सभी दफ़्तर' };
const towns = [
  { en: 'Patna', hi: 'पटना' },
  { en: 'Gaya', hi: 'गया' },
  { en: 'Panaji', hi: 'पणजी' },
];
const ofMany = (id: string, cause: OutageCause, confidence: number): Partial<Notice> => ({
  ...away(cause, confidence),
  faults: [fault(id)],
  phone: '',
  wayIn: '',
  spare: '',
  line: '',
  state: { en: '', hi: '' },
});

/** A notice about maintenance. It concerns a site, so it names no room and no phone number. */
const maintenance: Partial<Notice> = {
  severity: 'minor',
  scope: 'maintenance:ladakh/leh',
  faults: [fault('maintenance.planned', 'New UPS')],
  site: { en: 'Ladakh', hi: 'लद्दाख' },
  room: { en: 'District office Leh', hi: 'ज़िला कार्यालय लेह' },
  state: { en: '', hi: '' },
  phone: '',
  wayIn: '',
  spare: '',
  line: '',
};

const told: Record<string, Partial<Notice>> = {
  'a microphone is missing': { before },
  'a program holds the camera': { severity: 'minor', faults: [fault('camera.held', 'Logitech Rally', 'held by Zoom')] },
  'the screen is locked': { severity: 'info', faults: [fault('session.locked')] },
  'two faults at once': { faults: [fault('camera.missing', 'Logitech Rally'), fault('display.missing')] },
  'it got worse': { kind: 'worsened', at, faults: [fault('power.battery_low')] },
  'one more': { kind: 'worsened', at, severity: 'major', joins: true, faults: [fault('display.missing')] },
  'some of it got better': { kind: 'eased', at, severity: 'major', faults: [fault('display.missing')], rest: [fault('pc.load_high')] },
  'it is over, and whether the room is ready is not known': { kind: 'cleared', at, faults: [fault('camera.missing', 'Logitech Rally')] },
  'the room is well again': {
    kind: 'cleared',
    ready: true,
    at,
    faults: [fault('camera.missing', 'Logitech Rally'), fault('display.missing')],
  },
  'it comes and goes, and more was counted': { flapping: true, counted: 7, faults: [fault('usb.flapping', 'Jabra Speak 510')] },
  'closed since the PC was moved': { kind: 'closed', at, lines: ['moved to goa/panaji/vc-1'] },
  'who was on it is asked after four hours': { again: { why: 'lapsed', by: 'Tashi' } },
  'it was said to be fixed and is not': { again: { why: 'reopened', by: 'Tashi' } },
  'somebody is asked to see to it': { again: { why: 'assigned', by: 'Meera' } },
  'somebody gave it back, and the next is told': { passed: { at: since + 18 * 60_000, by: 'Asha Devi' } },
  'nobody of those who were told took it': { passed: { at, to: ['Asha Devi', 'Ravi Kumar'] } },
  'the room has no phone of its own': { contact: 'Tashi Dorje' },
  'a quiet is over': { again: { why: 'awake', by: 'Tashi' } },
  'maintenance begins': { ...maintenance, until: at },
  'maintenance is over': { ...maintenance, kind: 'cleared', at },
  'still bad at the end of maintenance': { again: { why: 'maintained', by: '' } },
  'a PC is away, a power cut': away('power-cut', 0.95),
  'a PC is away, probably a power cut': away('power-cut', 0.85),
  'a PC is away, its line is down': away('link-down', 0.8),
  'a PC is away, the line of its state is down': away('upstream', 0.9),
  'a PC alone is away': away('pc-off', 0.8),
  'a PC crashed': away('crash', 0.95),
  'a PC was shut down': { ...away('intended', 0.99), severity: 'minor' },
  'a PC is away, nobody knows why': away('undetermined', 0.5),
  'a PC is away, and another one of its site answers': { ...away('undetermined', 0.5), beside: true },
  'a PC is back after a power cut': back('power-cut', 0.95),
  'a PC is back, and it was not what was told': { ...back('power-cut', 0.95), toldOutage: { cause: 'upstream', confidence: 0.85 } },
  'a PC is back, and what was told stands': { ...back('pc-off', 0.8), toldOutage: { cause: 'upstream', confidence: 0.9 } },
  'the line behind the router is down': { faults: [fault('path.last_mile')], before },
  'ice-cold': { severity: 'major', faults: [fault('climate.cold_start')] },
  'the clock is behind': { severity: 'major', faults: [fault('clock.wrong', null, 'behind the server')] },
  'many rooms were not heard since': {
    scope: 'centre/unheard',
    site: { en: 'All offices', hi: 'सभी दफ़्तर' },
    room: { en: 'list of rooms', hi: 'कमरों की सूची' },
    phone: '',
    wayIn: '',
    spare: '',
    line: '',
    state: { en: '', hi: '' },
    faults: [room('Kargil', 'ladakh/kargil/vc-1'), room('Leh', 'ladakh/leh/vc-1'), room('Nubra', 'ladakh/nubra/vc-1')],
  },
  'no PC of a site answers, a power cut': {
    ...ofMany('outage.site', 'power-cut', 0.95),
    room: { en: 'District office', hi: 'ज़िला कार्यालय' },
    many: { kind: 'site', down: 3, of: 3, names: [1, 2, 3].map((n) => ({ en: `Hall ${n}`, hi: `हॉल ${n}` })) },
  },
  'sites of one provider do not answer': {
    ...ofMany('outage.provider', 'upstream', 0.85),
    site: offices,
    room: { en: 'Jio', hi: 'Jio' },
    many: { kind: 'provider', down: 13, of: 42, names: towns },
  },
  'they answer again, but for two': {
    ...ofMany('outage.provider', 'upstream', 0.85),
    kind: 'cleared',
    at,
    site: offices,
    room: { en: 'Jio', hi: 'Jio' },
    many: { kind: 'provider', down: 2, of: 42, names: towns.slice(0, 2) },
  },
  'all PCs went silent at once': {
    ...ofMany('centre.plane', 'undetermined', 0.5),
    site: offices,
    room: { en: 'many sites', hi: 'कई साइटें' },
    many: { kind: 'plane', down: 612, of: 612, names: towns },
  },
  'one camera fails in many rooms': {
    severity: 'major',
    site: offices,
    room: { en: '', hi: '' },
    phone: '',
    wayIn: '',
    spare: '',
    line: '',
    state: { en: '', hi: '' },
    faults: [{ ...fault('centre.spread', 'Logitech Rally'), device: 'camera.missing' }],
    many: { kind: 'spread', down: 60, of: 60, names: towns },
  },
  'the disk of the centre is full': { kind: 'direct', incident: null, faults: [], lines: ['disk_full', 'SQLITE_FULL'] },
};

test('rendered messages match the reviewed snapshot file', async () => {
  const pages = Object.entries(told).map(([what, changes]) => {
    const texts = messageLanguages.map((language) => {
      const { subject, text } = render(notice({ ...leh, ...changes }), language, { wall: 'https://sabha.example.in:8443' });
      return `[${language}] ${subject}\n${text}`;
    });
    return `=== ${what}\n\n${texts.join('\n')}`;
  });
  expect(pages.length).toBeGreaterThanOrEqual(20);
  await expect(pages.join('\n')).toMatchFileSnapshot('words.golden.txt');
});
