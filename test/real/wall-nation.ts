/** Creates the data of a nation for the wall from a seed: 36 states, and one room in Leh without its microphone. */
import type {
  Check,
  HistorySpan,
  IncidentRow,
  IncidentView,
  LinkReport,
  PcView,
  RollCallCounts,
  RollCallRow,
  RollCallView,
  SiteView,
  Words,
} from '@sabha/contracts';
import { lehLimits } from '../../flows/api/scripted-view.test-helper.ts';
import { randomFrom } from '../random.ts';
import type { Content } from './wall-view.ts';

const minute = 60_000;
const hour = 60 * minute;

const states: Record<string, [name: string, hindi: string, sites: number]> = {
  'andaman-and-nicobar': ['Andaman and Nicobar', 'अंडमान और निकोबार', 4],
  'andhra-pradesh': ['Andhra Pradesh', 'आंध्र प्रदेश', 27],
  'arunachal-pradesh': ['Arunachal Pradesh', 'अरुणाचल प्रदेश', 26],
  assam: ['Assam', 'असम', 36],
  bihar: ['Bihar', 'बिहार', 39],
  chandigarh: ['Chandigarh', 'चंडीगढ़', 2],
  chhattisgarh: ['Chhattisgarh', 'छत्तीसगढ़', 34],
  'dadra-nagar-haveli-daman-diu': ['Dadra and Nagar Haveli, Daman and Diu', 'दादरा नगर हवेली, दमन दीव', 4],
  delhi: ['Delhi', 'दिल्ली', 12],
  goa: ['Goa', 'गोवा', 3],
  gujarat: ['Gujarat', 'गुजरात', 34],
  haryana: ['Haryana', 'हरियाणा', 23],
  'himachal-pradesh': ['Himachal Pradesh', 'हिमाचल प्रदेश', 13],
  'jammu-and-kashmir': ['Jammu and Kashmir', 'जम्मू और कश्मीर', 21],
  jharkhand: ['Jharkhand', 'झारखंड', 25],
  karnataka: ['Karnataka', 'कर्नाटक', 31],
  kerala: ['Kerala', 'केरल', 15],
  ladakh: ['Ladakh', 'लद्दाख', 8],
  lakshadweep: ['Lakshadweep', 'लक्षद्वीप', 2],
  'madhya-pradesh': ['Madhya Pradesh', 'मध्य प्रदेश', 53],
  maharashtra: ['Maharashtra', 'महाराष्ट्र', 37],
  manipur: ['Manipur', 'मणिपुर', 17],
  meghalaya: ['Meghalaya', 'मेघालय', 13],
  mizoram: ['Mizoram', 'मिज़ोरम', 12],
  nagaland: ['Nagaland', 'नागालैंड', 17],
  odisha: ['Odisha', 'ओडिशा', 31],
  puducherry: ['Puducherry', 'पुदुचेरी', 5],
  punjab: ['Punjab', 'पंजाब', 24],
  rajasthan: ['Rajasthan', 'राजस्थान', 42],
  sikkim: ['Sikkim', 'सिक्किम', 7],
  'tamil-nadu': ['Tamil Nadu', 'तमिल नाडु', 39],
  telangana: ['Telangana', 'तेलंगाना', 34],
  tripura: ['Tripura', 'त्रिपुरा', 9],
  'uttar-pradesh': ['Uttar Pradesh', 'उत्तर प्रदेश', 76],
  uttarakhand: ['Uttarakhand', 'उत्तराखंड', 14],
  'west-bengal': ['West Bengal', 'पश्चिम बंगाल', 24],
};

export function nation(now: number, times = 1): Content {
  const random = randomFrom(7);
  const sites = Object.entries(states).flatMap(([state, [name, hindi, count]]) =>
    Array.from({ length: count * times }, (_, at) => siteOf(state, at, { en: `${name} ${at}`, hi: `${hindi} ${at}` }, random.next())),
  );
  const leh: Partial<SiteView> = { name: { en: 'Leh', hi: 'लेह' }, elevationM: 3524, link: 'geo', ...missing };
  const all = [
    { ...siteOf('ladakh', 0, { en: '', hi: '' }, 0.5), ...leh, site: 'ladakh/leh', worst: 'critical', open: 1 } as const,
    ...sites,
  ];
  return {
    at: now,
    subscribed: true,
    states: Object.entries(states).map(([state, [en, hi]]) => ({ state, name: { en, hi } })),
    sites: all,
    pcs: [lehRoom(now)],
    incidents: [microphoneGone(now), ...openElsewhere(now)],
    rollcall: null,
    full: new Map([[7, fullOf(microphoneGone(now), now)]]),
    details: new Map([['ladakh/leh', detailOf(now, all[0])]]),
    histories: new Map([['ladakh/leh', dayOf(now)]]),
    rollcalls: new Map(),
  };
}

const missing = { readiness: 'not-ready', why: { component: 'microphone', fault: 'microphone.missing', reason: null } } as const;

function siteOf(state: string, at: number, name: Words, chance: number): SiteView {
  const stage = chance > 0.98 ? 'planned' : chance > 0.93 ? 'commissioning' : 'live';
  const trouble = state === 'assam' ? chance < 0.85 : chance < 0.02;
  const silent = { readiness: 'unknown', why: { component: 'pc', fault: null, reason: 'silent' } } as const;
  const verdict = trouble ? (state === 'assam' ? silent : missing) : ({ readiness: 'ready', why: null } as const);
  const rest = { link: 'fibre', elevationM: 200, pcs: 1, worst: null, open: 0, quietSince: null } as const;
  return { site: `${state}/site-${at}`, state, name, stage, ...rest, ...verdict };
}

export function lehRoom(now: number, edit: Partial<PcView> = {}): PcView {
  const ok = { status: 'ok', fault: null, reason: null } as const;
  const checks: (Check & { since: number })[] = [
    { component: 'microphone', device: 'expected-1', status: 'fault', fault: 'microphone.missing', reason: null, since: now - 65_000 },
    { ...ok, component: 'camera', device: 'usb-2', name: 'Logitech Rally', reason: 'in use by zoom', since: now - 2 * hour - 5 * minute },
    { ...ok, component: 'speaker', device: 'usb-3', name: 'Jabra Speak 710', since: now - 2 * hour },
    { component: 'clock', device: '', status: 'unknown', fault: null, reason: 'not compared with the server yet', since: now - 3 * minute },
  ];
  return {
    pc: 'ladakh/leh/vc-1',
    site: 'ladakh/leh',
    state: 'ladakh',
    room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
    presence: 'online',
    heardAt: now - 20_000,
    calledAt: null,
    agent: '0.1.0',
    config: { wanted: 4, held: 3 },
    incident: 7,
    outage: null,
    checks,
    ...missing,
    ...edit,
  };
}

export function microphoneGone(now: number, edit: Partial<IncidentRow> = {}): IncidentRow {
  const fault = { fault: 'microphone.missing', device: 'expected-1', name: 'Jabra Speak 710', severity: 'critical' } as const;
  return {
    id: 7,
    scope: 'ladakh/leh/vc-1',
    room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
    site: { en: 'Leh', hi: 'लेह' },
    severity: 'critical',
    openedAt: now - 65_000,
    overAt: null,
    over: null,
    closedBecause: null,
    flapping: false,
    acknowledged: null,
    outage: null,
    faults: [{ ...fault, since: now - 65_000, hidden: false, unknownSince: null }],
    told: [{ person: 'Tashi', channel: 'email', at: now - 42_000 }],
    ...edit,
  };
}

export function fullOf(row: IncidentRow, now: number): IncidentView {
  const history = [{ kind: 'raised' as const, at: row.openedAt, conclusion: 'told Tashi by email' }];
  return { ...row, notes: [{ at: now - 30_000, by: 'Tashi', text: 'केबल देख रहा हूँ' }], history, deeds: [] };
}

function openElsewhere(now: number): IncidentRow[] {
  const taken = { by: 'Meera', at: now - 4 * minute };
  const place = { en: 'Goa 1', hi: 'गोवा 1' };
  return [
    microphoneGone(now, { id: 8, scope: 'goa/site-1/vc-1', site: place, acknowledged: taken, openedAt: now - 6 * minute }),
    microphoneGone(now, { id: 9, scope: 'kerala/site-3/vc-1', site: { en: 'Kerala 3', hi: 'केरल 3' }, severity: 'minor', told: [] }),
    microphoneGone(now, { id: 5, scope: 'goa/site-1/vc-1', site: place, overAt: now - hour, over: 'cleared', openedAt: now - 2 * hour }),
  ];
}

export function detailOf(now: number, site: SiteView | undefined): NonNullable<ReturnType<Content['details']['get']>> {
  if (site === undefined) throw new Error('no such site');
  const contact = { name: 'Tashi Dorje', phone: '+91 1982 000000', tel: '+911982000000', email: 'tashi@office.test' };
  const facts = { latitude: 34.16, longitude: 77.58, isp: 'Sat A', linkId: 'L-104', contact, timeZone: 'Asia/Kolkata' };
  const items = ['installed', 'heard', 'configured', 'no-fault', 'all-known'] as const;
  const told = (component: string | null, fault: string | null) => [{ pc: 'ladakh/leh/vc-1', component, fault }];
  const about = { configured: told(null, null), 'no-fault': told('microphone', 'microphone.missing'), 'all-known': told('clock', null) };
  const checklist = items.map((item, at) => ({ item, done: at < 2, about: item in about ? about[item as keyof typeof about] : [] }));
  const numbers = { [lehPc]: { ac: 0, bat: 0.82, uc: 0.64, ur: 1_500, room: 27.5, rh: 0.12 } };
  const broke = { pc: lehPc, at: now - 9 * hour, fault: 'path.last_mile' };
  const link = { pc: lehPc, at: now - 12 * minute, report: thinLink(now) };
  return {
    site,
    facts: { ...facts, stageAt: now - 9 * hour, cleanSince: null },
    checklist,
    pcs: [lehRoom(now)],
    link,
    broke,
    numbers,
    limits: lehLimits,
  };
}

const lehPc = 'ladakh/leh/vc-1';

/** A satellite link on a day with snow: SD up, HD down, and most of the month's test budget used. */
function thinLink(now: number): LinkReport {
  const up = { loss: 0.021, burst: 1.4, jitterMs: 22, jitterP95Ms: 61, tier: 'sd', limit: 'loss' } as const;
  const down = { loss: 0.003, burst: 1, jitterMs: 9, jitterP95Ms: 20, tier: 'hd', limit: 'capacity' } as const;
  return {
    at: now,
    quality: { sent: 300, roundTripMs: { median: 643, p95: 702 }, up, down, r: 61.4, rAdjusted: 81.4, mos: 3.17 },
    capacity: { at: now - 5 * hour, how: 'train', upBps: 1_100_000, downBps: 3_900_000, udpBlocked: false },
    budget: { month: '2026-11', telemetryBytes: 3_100_000, telemetryLimit: 8_000_000, testBytes: 31_000_000, testLimit: 36_000_000 },
  };
}

function dayOf(now: number): NonNullable<ReturnType<Content['histories']['get']>> {
  const from = now - 24 * hour;
  const ok: HistorySpan = { from, status: 'ok', faults: [] };
  const away: HistorySpan[] = [ok, { from: now - 9 * hour, status: 'away', faults: [] }, { ...ok, from: now - 8 * hour }];
  const microphone: HistorySpan[] = [...away, { from: now - 2 * hour, status: 'unknown', faults: [] }];
  const gone: HistorySpan = { from: now - hour, status: 'fault', faults: ['microphone.missing'] };
  const strips = [
    { component: 'presence', spans: away },
    { component: 'microphone', spans: [...microphone, gone] },
    { component: 'camera', spans: away },
    { component: 'speaker', spans: away },
  ];
  return { from, to: now, pcs: [{ pc: 'ladakh/leh/vc-1', strips }] };
}

/** Creates a roll call over the live sites of a scope. The first `answered` sites have responded. */
export function rollCallOf(content: Content, scope: string, edit: { answered: number; finished: boolean }): RollCallView {
  const sites = content.sites.filter((one) => one.stage === 'live' && `${one.site}/`.startsWith(scope === '' ? '' : `${scope}/`));
  const rows = sites.map((one, at): RollCallRow => {
    const speaks = at < edit.answered && one.readiness !== 'unknown';
    const verdict = speaks ? { readiness: one.readiness, why: one.why } : silentVerdict;
    const owner = verdict.readiness === 'ready' ? null : 'Tashi';
    const room = { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' };
    const answer = { after: speaks ? 400 + at * 7 : null, heardAt: content.at - 12 * minute, owner };
    return { pc: `${one.site}/vc-1`, site: one.site, state: one.state, siteName: one.name, room, ...answer, ...verdict };
  });
  const byState = Map.groupBy(rows, (one) => one.state);
  return {
    id: 'r1',
    scope,
    by: 'Asha',
    startedAt: content.at,
    endsAt: content.at + 28_000,
    finishedAt: edit.finished ? content.at + 9_000 : null,
    counts: countsOf(rows),
    states: [...byState].map(([state, mine]) => ({ state, ...countsOf(mine) })),
    rows,
  };
}

const silentVerdict = { readiness: 'unknown', why: { component: 'pc', fault: null, reason: 'silent' } } as const;

function countsOf(rows: RollCallRow[]): RollCallCounts {
  const count = (is: (one: RollCallRow) => boolean) => rows.filter(is).length;
  return {
    expected: rows.length,
    answered: count((one) => one.after !== null),
    ready: count((one) => one.readiness === 'ready'),
    'not-ready': count((one) => one.readiness === 'not-ready'),
    unknown: count((one) => one.readiness === 'unknown'),
  };
}
