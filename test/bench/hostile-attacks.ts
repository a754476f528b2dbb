/** The attacks of an admitted hostile PC, at the rate that the broker permits. Each attack creates the next message of its kind. */
import { type Beat, type Check, digestOf, encode } from '@sabha/contracts';

/** One attack. `perSecond` is at most the broker's limit. `pcs` replaces the usual number of PCs. */
export type Attack = {
  name: string;
  perSecond: number;
  pcs?: number;
  /** False: the PCs of this attack publish no birth before it begins. */
  isBorn?: boolean;
  next(n: number, at: Session): { leaf: 'presence' | 'state' | 'beat' | 'event' | 'backlog' | 'inventory'; payload: Buffer };
};
export type Session = { rev(): number; seq(): number };

const spool = 'hostile';
/** Number of beats, a few seconds of an attack, after which the session numbers jump far ahead. */
const farAheadFrom = 100;

/** Attacks in order. Attacks that cause notifications come first, before other attacks make the server report these PCs as noisy. */
export const attacks: readonly Attack[] = [
  { name: 'a new unknown fault each second', perSecond: 1, next: (n, at) => state(at, [fault(`camera.odd-${n}`, '')]) },
  { name: 'a known fault of a new device each second', perSecond: 1, next: (n, at) => state(at, [fault('power.battery_low', `ups-${n}`)]) },
  {
    name: 'events of 5,000 nested arrays',
    perSecond: 12,
    next: (_, at) => event(at.seq(), `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`),
  },
  {
    name: 'states of 256 new unknown faults',
    perSecond: 4,
    next: (n, at) =>
      state(
        at,
        list(256, (one) => fault(`camera.odd-${n}-${one}`, `${one}`)),
      ),
  },
  {
    name: 'states of 256 known faults of new devices',
    perSecond: 4,
    next: (n, at) =>
      state(
        at,
        list(256, (one) => fault('microphone.missing', `${n}-${one}`)),
      ),
  },
  {
    name: 'events at the pace allowed',
    perSecond: 2,
    next: (_, at) => backlog(list(300, () => JSON.parse(String(event(at.seq(), `{"text":"${'x'.repeat(100)}"}`).payload)))),
  },
  { name: 'births that claim numbers', perSecond: 15, next: (n) => birth(n) },
  { name: 'beats that ask for the time and open sessions', perSecond: 20, next: (n) => oddBeat(n) },
  { name: 'what cannot be read', perSecond: 15, next: (n, at) => odd(n, at) },
  { name: 'backlogs with a new spool per event, without a birth', perSecond: 3, pcs: 6, isBorn: false, next: (n) => newSpools(n) },
  {
    name: 'backlogs with a new spool per event, after a birth that claims a full spool',
    perSecond: 3,
    pcs: 6,
    isBorn: false,
    next: (n) => (n === 1 ? birth(2) : newSpools(n)),
  },
];

function event(seq: number, body: string) {
  const head = `{"spool":"${spool}","seq":${seq},"boot":"b","at":${Date.now()},"grade":"event","kind":"k","body":`;
  return { leaf: 'event' as const, payload: Buffer.from(`${head}${body}}`) };
}

function backlog(events: Parameters<typeof encode<'backlog'>>[1]) {
  return { leaf: 'backlog' as const, payload: encode('backlog', events) };
}

/** Returns a full backlog of events, each in another spool. */
function newSpools(n: number) {
  const one = (at: number) => ({ spool: `s${n}-${at}`, seq: 1, boot: 'b', at: 1, grade: 'event' as const, kind: 'k', body: {} });
  return backlog(list(500, one));
}

function state(at: Session, checks: Check[]) {
  return { leaf: 'state' as const, payload: encode('state', { digest: digestOf(checks), session: 1, rev: at.rev(), checks }) };
}

/** Returns the beat that keeps a PC online outside its attack. */
export function beat() {
  return { leaf: 'beat' as const, payload: encode('beat', { digest: digestOf([]), session: 1, at: Date.now() }) };
}

/** Returns a state without faults, which ends an attack. */
export function well(at: Session) {
  return state(at, []);
}

/** Returns a birth. Each PC also sends one when it connects. */
export function birth(n: number) {
  const claims = [0, Number.MAX_SAFE_INTEGER, 2 ** 40, 2 ** 39 + n];
  const said = {
    kind: 'birth' as const,
    boot: 'b',
    session: 1,
    at: Date.now(),
    digest: digestOf([]),
    rev: 1,
    agent: '0.1.0',
    config: 0,
    inventory: '',
  };
  const payload = encode('presence', {
    ...said,
    spool: { id: n === 0 ? spool : `hostile-${n}`, first: 1, last: claims[n % claims.length] ?? 0 },
  });
  return { leaf: 'presence' as const, payload };
}

/**
 * Returns beats with the same `echo` each time, in ended, unknown and later far higher sessions, with unknown digests and with wrong times.
 */
function oddBeat(n: number) {
  const far = 2 ** 39;
  const elsewhere = digestOf([fault('microphone.missing', `${n}`)]);
  const odds: Partial<Beat>[] = [
    { echo: n },
    { echo: n },
    { session: 1, echo: n },
    { digest: elsewhere, at: 1 },
    { at: far },
    { session: 1, digest: elsewhere, echo: far },
  ];
  const newest = n < farAheadFrom ? n : far + n;
  return {
    leaf: 'beat' as const,
    payload: encode('beat', { digest: digestOf([]), session: newest, at: Date.now(), ...odds[n % odds.length] }),
  };
}

function odd(n: number, at: Session) {
  const text = 'ज़🎤\\ud800'.repeat(500);
  const odds = [
    () => ({ leaf: 'state' as const, payload: Buffer.from('{"digest":'.padEnd(5_000, '[')) }),
    () => event(at.seq(), '{"a":1,"a":2,"__proto__":{"a":1}}'),
    () => event(at.seq(), `{"n":-0,"big":9007199254740992,"huge":1e999,"name":"${text}"}`),
    () => state(at, [{ ...fault('microphone.missing', 'x'), reason: 'x'.repeat(6_000) }]),
    () => ({
      leaf: 'inventory' as const,
      payload: Buffer.from(`{"hash":"h${n}","at":1,"items":{"devices":[${list(4_000, () => '{}').join()}]}}`),
    }),
  ];
  return (odds[n % odds.length] ?? (odds[0] as (typeof odds)[0]))();
}

function fault(id: string, device: string): Check {
  return { component: id.slice(0, id.indexOf('.')), device, status: 'fault', fault: id, reason: null };
}

function list<T>(length: number, of: (at: number) => T): T[] {
  return Array.from({ length }, (_, at) => of(at));
}
