/** What a golden ledger holds beside what a world brings about: one of each thing that people make, and a spool with every way in which a number can go. */
import type { EventMessage, RollCallView } from '#contracts';
import type { Account, Login } from '../../flows/records/accounts.ts';
import type { Maintenance } from '../../flows/records/maintenance.ts';
import type { Meeting } from '../../flows/records/meetings.ts';
import type { OutboxRow } from '../../flows/records/notices.ts';
import type { CommandRow, Op } from '../../flows/records/ops.ts';
import type { Member } from '../../flows/records/roster.ts';

const pc = 'ladakh/leh/pc-1';
const leh = { en: 'Leh', hi: 'लेह' };

/** All of it happens at one time. */
export function goldenRows(at: number): Op[] {
  return [...ofSpools(at), ...ofPeople(at), ...ofRollCall(at), ...ofCommand(at), ...ofPlans(at), ...ofCentre(at)];
}

/** Of the spool `old` 4 and 5 were dropped, 6 is lost, and 2 came with another content too; `new` carries two of its events on. */
function ofSpools(at: number): Op[] {
  const event = (seq: number, more: Partial<EventMessage> = {}): Op => {
    const one: EventMessage = { spool: 'old', seq, boot: 'b', at: at + seq, grade: 'event', kind: 'test', body: { seq } };
    return { op: 'event', pc, at, event: { ...one, ...more } };
  };
  return [
    { op: 'birth', pc, spool: 'old', first: 1, last: 9, carries: null, at },
    ...[event(1), event(2), event(2), event(2, { body: { another: true } }), event(3)],
    ...[event(7, { kind: 'dropped', body: { ranges: [[4, 5]] } }), event(8), event(9)],
    { op: 'birth', pc, spool: 'old', first: 8, last: 9, carries: null, at },
    { op: 'birth', pc, spool: 'new', first: 1, last: 2, carries: 'old', at },
    ...[event(2, { spool: 'new', seq: 1, at: at + 2 }), event(2, { spool: 'new' })],
  ];
}

function ofPeople(at: number): Op[] {
  const account: Account = {
    name: 'asha',
    role: 'state',
    scope: 'ladakh',
    once: false,
    openid: null,
    stamp: 's1',
    madeAt: at,
    password: { n: 16_384, r: 8, p: 1, salt: 'c2FsdA', key: 'a2V5' },
  };
  const login: Login = { hash: 'h1', account: 'asha', stamp: 's1', startedAt: at, usedAt: at };
  const member: Member = {
    id: 'ravi',
    name: 'Ravi',
    role: 'technician',
    scope: 'ladakh',
    language: 'hi',
    email: 'ravi@office.test',
    webhook: false,
    channels: ['email'],
    addresses: { sms: '+911234567890' },
    groups: ['vendors'],
    roles: ['technician'],
    scopes: ['ladakh'],
    ...{
      duty: [{ days: [1, 2], from: 540, to: 1_080 }],
      zone: 'Asia/Kolkata',
      leave: [{ from: '2026-05-01', to: '2026-05-03' }],
      deputy: null,
    },
  };
  return [
    { op: 'account', account },
    { op: 'login', login },
    { op: 'member', member },
    { op: 'proof', person: 'ravi', channel: 'email', at },
    { op: 'audit', at, who: 'asha', what: 'note', about: '1' },
    { op: 'audit', at: at + 1, who: 'anil', what: 'tabs deployed', about: 'a → b' },
    { op: 'step', at, who: pc, what: 'command probe-now', about: 'c1: done' },
  ];
}

function ofRollCall(at: number): Op[] {
  const counts = { expected: 1, answered: 1, ready: 0, 'not-ready': 1, unknown: 0 };
  const place = { pc, site: 'ladakh/leh', state: 'ladakh', siteName: leh, room: leh };
  const rollcall: RollCallView = {
    id: 'r1',
    scope: 'ladakh',
    by: 'Asha',
    startedAt: at,
    endsAt: at + 28_000,
    finishedAt: at + 9_000,
    counts,
    states: [{ state: 'ladakh', ...counts }],
    rows: [{ ...place, after: 3, readiness: 'not-ready', why: null, heardAt: at, owner: 'Asha' }],
  };
  return [{ op: 'rollcall', rollcall }];
}

function ofCommand(at: number): Op[] {
  const row: CommandRow = {
    id: 'c1',
    by: 'Asha',
    to: 'ladakh',
    verb: 'probe-now',
    args: {},
    at,
    expires: at + 3_600_000,
    signed: { signed: '{}', signature: 'AA==' },
  };
  return [
    { op: 'command', row },
    { op: 'command-answer', pc, at: at + 5, answer: { id: 'c1', verb: 'probe-now', outcome: 'done', reason: null } },
  ];
}

function ofPlans(at: number): Op[] {
  const meeting: Meeting = {
    id: 'm1',
    title: 'Review',
    scopes: ['ladakh'],
    start: '2026-03-09T11:00:00',
    zone: null,
    minutes: 60,
    rule: {
      frequency: 'WEEKLY',
      interval: 1,
      weekdays: [{ day: 1, nth: 0 }],
      monthDays: [],
      months: [],
      positions: [],
      until: null,
      untilUtc: false,
      count: null,
      weekStart: 1,
    },
    except: ['2026-03-16T11:00:00'],
    moved: [],
  };
  const maintenance: Maintenance = {
    id: 'w1',
    scope: 'ladakh/leh',
    title: 'New UPS',
    start: '2026-03-10T22:00:00',
    zone: null,
    minutes: 60,
    rule: null,
    ruleText: null,
    by: 'Anil',
    at,
  };
  return [
    { op: 'meeting', meeting },
    { op: 'maintenance', maintenance },
    { op: 'announcement', announcement: { id: 1, at, by: 'Anil', to: 'ladakh', text: 'The line is changed', persons: ['ravi'] } },
    { op: 'announcement-read', id: 1, person: 'ravi', at: at + 60_000 },
  ];
}

function ofCentre(at: number): Op[] {
  const row: OutboxRow = {
    ...{
      key: 'k1',
      transition: null,
      channel: 'email',
      person: 'asha',
      createdAt: at,
      dueAt: at,
      tries: 2,
      state: 'waiting',
      lastError: 'no route',
    },
    notice: {
      kind: 'direct',
      incident: null,
      severity: 'major',
      scope: 'centre',
      faults: [],
      at,
      flapping: false,
      lines: [],
      site: leh,
      room: leh,
      timeZone: 'Asia/Kolkata',
    },
  };
  const meta = (key: string, value: string): Op => ({ op: 'meta', key, value });
  const where = { pc, spool: 'old' };
  return [
    { op: 'registry', entry: { pc, tokenHash: 'a'.repeat(64), certificates: ['7a'], revoked: false } },
    meta('registry.version', '7'),
    meta('enrol/hash', 'code'),
    meta('link/ladakh/leh', JSON.stringify({ ...where, at, report: { at }, seq: 9 })),
    meta('broke/ladakh/leh', JSON.stringify({ ...where, at: at - 5, fault: 'path.gateway', seq: 8 })),
    { op: 'away', from: at - 900, to: at - 100 },
    { op: 'outbox', row },
  ];
}
