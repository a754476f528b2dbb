/** Enrolment of PCs: makes and cancels codes, issues the first certificate for a code, renews certificates, and limits wrong codes. */
import { hash, type KeyObject } from 'node:crypto';
import {
  type Clock,
  createBuckets,
  createMutex,
  type EnrolCodeView,
  enrolSecretOf,
  nameOf,
  networkOf,
  oneLine,
  type PcPath,
  pathOfName,
  type RegistryEntry,
  siteOf,
  type Words,
  writeEnrolCode,
} from '@sabha/contracts';
import { type Audit, codePrefix, type Op } from '../engine/records/ops.ts';
import type { SiteOperationsOptions } from '../sites/site-orders.ts';
import type { Authority } from './authority.ts';
import type { CertificateRequest, IssuedCertificate } from './certificates.ts';
import { type EnrolmentGrant, entryOfEnrolled, entryOfRenewed, mayEnrol, mayEnrolAgain, mayRenew, withoutExpired } from './grants.ts';

const renewals = { perSecond: 1 / 60, burst: 1 };
const crowdWaitMs = 60_000;
const hourMs = 3_600_000;
/** Limit of sites that an alarm names if the site is uncertain. */
const namedSites = 3;
/** Returned for a correct code without uses left. */
const usedUp = { ok: false, status: 401, line: 'this enrolment code is used up' } as const;
const wrongCode = { ok: false, status: 401, line: 'this enrolment code is wrong or over' } as const;
const secretBytes = 13;
const aheadMostMs = 24 * 3_600_000;
const minuteMs = 60_000;
/**
 * Rate limit per address: five mistypes at once, then one a minute. Codes have 100 random bits, so this limits the load, not the guessing.
 */
const wrongCodes = { perSecond: 1 / 60, burst: 5 };
/** Limit of failures a minute, from all addresses, that get an audit row each. Further failures are only counted. */
const notedInMinute = 60;
const alarmTries = 5;
const alarmWithinMs = 10 * minuteMs;

export type EnrolmentOptions = {
  authority: Authority;
  /** Enrolment codes as the ledger holds them, by the hash of their secret. */
  codes: Readonly<Record<string, string>>;
  sites: Pick<SiteOperationsOptions, 'table' | 'entry' | 'apply'>;
  record(ops: readonly Op[]): Promise<boolean>;
  /** The system clock, from which the validity of certificates counts. */
  now(): number;
  /** The time up to which data may be deleted. It lags while the system clock is unconfirmed (R29, clock of the server). */
  settledAt(): number;
  clock: Pick<Clock, 'up'>;
  random(size: number): Buffer;
  /** Called on repeated failures. `site`: the site with an open code, if all failures come from one address and name its PCs; else null. */
  onAlarm(address: string, site: string | null): void;
};

/** A refused request. `waitMs` is present with status 429. */
export type EnrolmentRefusal = { ok: false; status: 400 | 401 | 403 | 429; line: string; waitMs?: number };
export type CertificateResult = { ok: true; certificate: string } | EnrolmentRefusal;
/** A PC of the site that a code is for, its room, and whether the code can still enrol it. */
export type CodePc = { pc: PcPath; room: Words; open: boolean };
/** `uses`: undefined = one for each PC of the site. */
export type CodeRequest = { site: string; uses: number | undefined; hours: number; by: string };
type CodeResult = { ok: true; code: string; uses: number; ends: number } | { ok: false; missing: boolean; line: string };
export type Enrolment = ReturnType<typeof createEnrolment>;

type EnrolmentState = ReturnType<typeof openState>;
type CodeRow = Extract<Op, { op: 'meta' }>;

/** Address of the sender, and the certificate request (PKCS#10, PEM or base64). */
type CsrInput = { address: string; request: string };

/**
 * Guarantee: a certificate and the use of its code are one transaction. The response follows its commit and the update of the broker.
 * Requests run one after another, so a use is never spent twice.
 */
export function createEnrolment(options: EnrolmentOptions) {
  const state = openState(options);
  const inTurn = createMutex();
  return {
    makeCode: (codeRequest: CodeRequest) => inTurn(() => makeCode(state, codeRequest)),
    codes: (): EnrolCodeView[] => openCodes(state).map(({ site, uses, ends, by }) => ({ site, uses, ends, by })),
    /** Cancels the open codes of a site. Returns their number. */
    cancelCodes: (site: string, by: string) => inTurn(() => cancelCodes(state, site, by)),
    enrol: (asked: CsrInput & { password: string }) => inTurn(() => enrol(state, asked)),
    /** Returns the PCs that a code is for, so that a person can choose one instead of typing its path. */
    pcsOf: (asked: Omit<CsrInput, 'request'> & { password: string }) => inTurn(() => pcsOf(state, asked)),
    /** `name` and `serial` are those of the client certificate that TLS verified. */
    renew: (asked: Renewal) => inTurn(() => renew(state, asked)),
    /** Removes expired certificates from the registry. Called periodically. */
    removeExpired: () => inTurn(() => sweep(state)),
  };
}

function openState(options: EnrolmentOptions) {
  return {
    ...options,
    codes: new Map(Object.entries(options.codes).map(([hash, row]): [string, Code] => [hash, { hash, ...JSON.parse(row) }])),
    guesses: createWrongCodeLimit(options),
    renewals: createBuckets(renewals),
  };
}

async function makeCode(state: EnrolmentState, asked: CodeRequest): Promise<CodeResult> {
  const { site, hours, by } = asked;
  const table = state.sites.table();
  const pcs = table.pcsOf(site).length;
  if (table.node(site)?.site == null) return { ok: false, missing: true, line: `there is no site ${site}` };
  if (table.stageOf(site) === 'closed') return { ok: false, missing: false, line: `${site} is closed` };
  if (pcs === 0) return { ok: false, missing: false, line: `${site} has no PC in the site table` };
  const [now, uses] = [state.now(), asked.uses ?? pcs];
  const [text, lifeMs] = [writeEnrolCode(state.random(secretBytes), state.authority.rootDer), hours * hourMs];
  const ends = now + lifeMs;
  const endedBy = Math.min(now, state.settledAt());
  const over = [...state.codes.values()].filter((one) => one.ends <= endedBy).map(({ hash }) => rowOf(hash, null));
  const ops = [...over, rowOf(hashOfCode(text), { site, uses, ends, lifeMs, by })];
  const row = audit(now, { who: by, what: 'enrolment code made', about: `${site}, ${uses} use${uses === 1 ? '' : 's'}, ${hours} h` });
  await write(state, ops, row);
  return { ok: true, code: text, uses, ends };
}

async function cancelCodes(state: EnrolmentState, site: string, by: string): Promise<number> {
  const open = openCodes(state).filter((code) => code.site === site);
  if (open.length === 0) return 0;
  const ops = open.map(({ hash }) => rowOf(hash, null));
  const about = `${site}, ${open.length} code${open.length === 1 ? '' : 's'}`;
  await write(state, ops, audit(state.now(), { who: by, what: 'enrolment codes cancelled', about }));
  return open.length;
}

async function enrol(state: EnrolmentState, asked: CsrInput & { password: string }): Promise<CertificateResult> {
  const code = findOpenCode(state, asked.password);
  if (code === undefined) return refuseCode(state, asked.address, () => expectedSite(state, asked));
  const { hash, ...held } = code;
  const { site, uses, given, by } = held;
  const done = await issueWith(state, asked.request, {
    judge({ name, publicKey }) {
      const before = given?.[name];
      const isAgain = before?.key === hashOf(publicKey);
      const again = isAgain ? mayEnrolAgain(state, { name, site, serial: before.serial }) : undefined;
      if (again?.ok) return again;
      return uses > 0 ? mayEnrol(state, { name, site }) : usedUp;
    },
    change(entry, issued, { name, publicKey }) {
      const key = hashOf(publicKey);
      // A repeated request with the same key does not count as another use.
      const left = given?.[name]?.key === key ? uses : uses - 1;
      const row = rowOf(hash, { ...held, uses: left, given: { ...given, [name]: { key, serial: issued.serial } } });
      return { entry: entryOfEnrolled(entry, issued), ops: [row] };
    },
    audit: { who: `code by ${by}`, what: 'certificate issued' },
  });
  return done.ok ? done : refuse(state, { address: asked.address, site }, done);
}

/**
 * Guarantee: a wrong code reveals nothing, and its sender is slowed down as at enrolment. A used-up code returns only the PCs that it
 * enrolled.
 */
async function pcsOf(
  state: EnrolmentState,
  asked: { address: string; password: string },
): Promise<EnrolmentRefusal | { ok: true; pcs: CodePc[] }> {
  const code = findOpenCode(state, asked.password);
  if (code === undefined) return refuseCode(state, asked.address, async () => sitesWithCode(state));
  const { site, uses, given } = code;
  const table = state.sites.table();
  const pcs = table.pcsOf(site).flatMap((pc) => {
    const [name, node] = [nameOf(pc), table.node(pc)];
    if (node === undefined || (uses <= 0 && given?.[name] === undefined)) return [];
    return [{ pc, room: node.name, open: mayEnrol(state, { name, site }).ok }];
  });
  return { ok: true, pcs };
}

/** Refuses a wrong code. `site` finds the site that the code was probably meant for; it runs only if the address is not rate limited. */
async function refuseCode(state: EnrolmentState, address: string, site: () => Promise<string | null>): Promise<EnrolmentRefusal> {
  const waitMs = state.guesses.waitMs(address);
  return waitMs > 0 ? rateLimitedRefusal(waitMs) : refuse(state, { address, site: await site() }, wrongCode);
}

type Renewal = CsrInput & { name: string; serial: string };

/** Renews a certificate. Limited to once a minute for each PC, so that a faulty PC does not fill the audit. */
async function renew(state: EnrolmentState, asked: Renewal): Promise<CertificateResult> {
  const { clock, now, record, renewals: buckets } = state;
  const { name, serial } = asked;
  const waitMs = buckets.waitMs(name, 1, clock.up());
  if (waitMs > 0) return rateLimitedRefusal(waitMs);
  buckets.take(name, 1, clock.up());
  const done = await issueWith(state, asked.request, {
    judge: (wanted) => mayRenew(state, { name, serial, asked: wanted.name }),
    change: (entry, next) => ({ entry: entryOfRenewed(entry, { old: serial, next }, now()), ops: [] }),
    audit: { who: name, what: 'certificate renewed' },
  });
  if (!done.ok) await record([refusalRow(now(), asked.address, done)]);
  return done;
}

type IssueSteps = {
  judge(request: CertificateRequest): EnrolmentGrant;
  /** Returns the PC's entry with its new certificate, and the ledger rows that belong to it. */
  change(entry: RegistryEntry, issued: IssuedCertificate, request: CertificateRequest): { entry: RegistryEntry; ops: readonly CodeRow[] };
  audit: Pick<Audit, 'who' | 'what'>;
};

async function issueWith(state: EnrolmentState, text: string, { judge, change, audit }: IssueSteps): Promise<CertificateResult> {
  const { authority, sites } = state;
  const read = await authority.readRequest(text);
  if (!read.ok) return { ok: false, status: 400, line: read.line };
  const request = read.value;
  const first = judge(request);
  if (!first.ok) return first;
  const issued = await authority.issue({ kind: 'pc', name: request.name }, request.publicKey);
  // A second check: an operator may have revoked the PC during the signature. There is no await between this check and `apply`.
  const grant = judge(request);
  if (!grant.ok) return grant;
  const { entry, ops } = change(grant.entry, issued, request);
  // This comes before the commit. If the outcome of the commit is unknown, the use is lost instead of spent twice.
  applyCodeRows(state, ops);
  const about = `${entry.pc} ${issued.serial}`;
  await sites.apply({ nodes: [], gone: [], replaced: [], registry: [entry], audit: { ...audit, about } }, ops);
  return { ok: true, certificate: issued.pem };
}

async function sweep({ sites, now, settledAt }: EnrolmentState): Promise<void> {
  const registry = sites.table().known.flatMap(({ pc }) => {
    const entry = sites.entry(pc);
    return (entry && withoutExpired(entry, Math.min(now(), settledAt()))) ?? [];
  });
  if (registry.length === 0) return;
  const audit = { who: 'centre', what: 'certificates ended', about: `${registry.length} PCs` };
  await sites.apply({ nodes: [], gone: [], replaced: [], registry, audit });
}

/** Returns the site of the requesting PC if it has an open code, because that code was probably mistyped; else null. */
async function expectedSite(state: EnrolmentState, { request }: CsrInput): Promise<string | null> {
  const { authority, guesses, sites } = state;
  const read = guesses.isFloodOver() ? await authority.readRequest(request) : undefined;
  const pc = read?.ok ? pathOfName(read.value.name) : undefined;
  if (pc === undefined || sites.table().node(pc) === undefined) return null;
  const site = siteOf(pc);
  return openCodes(state).some((code) => code.site === site) ? site : null;
}

/**
 * Returns the sites with open codes, one of which was probably mistyped; null without any. A request for the PCs of a code does not name a
 * PC.
 */
function sitesWithCode(state: EnrolmentState): string | null {
  const sites = [...new Set(openCodes(state).map(({ site }) => site))].sort();
  const named = sites.slice(0, namedSites).join(', ');
  return sites.length === 0 ? null : `${named}${sites.length > namedSites ? ', …' : ''}`;
}

/** Refuses and writes an audit row. During a flood it writes no row and returns 429. */
async function refuse(
  state: EnrolmentState,
  { address, site }: { address: string; site: string | null },
  refused: EnrolmentRefusal,
): Promise<EnrolmentRefusal> {
  if (!state.guesses.failed(address, site)) return rateLimitedRefusal(crowdWaitMs);
  await state.record([refusalRow(state.now(), address, refused)]);
  return refused;
}

function refusalRow(now: number, address: string, { line }: EnrolmentRefusal): Op {
  return audit(now, { who: address, what: 'enrolment refused', about: oneLine(line, 200) });
}

function rateLimitedRefusal(waitMs: number): EnrolmentRefusal {
  return { ok: false, status: 429, line: `too many attempts: wait ${Math.ceil(waitMs / 1_000)} s`, waitMs };
}

function hashOf(key: KeyObject): string {
  return hash('sha256', key.export({ type: 'spki', format: 'der' }), 'base64url');
}

function audit(at: number, step: Audit): Op {
  return { op: 'audit', at, ...step };
}

/**
 * A code in the ledger:
 * - `uses`: PCs that it can still enrol
 * - `lifeMs`: validity from its creation
 * - `by`: its creator
 * - `given`: by PC name, the hash of its key and the serial number of its certificate, for repeating a lost response
 */
type HeldCode = {
  site: string;
  uses: number;
  ends: number;
  lifeMs: number;
  by: string;
  given?: Readonly<Record<string, { key: string; serial: string }>>;
};
type Code = HeldCode & { hash: string };

/** Returns the valid code of a text, also one that is used up. An expired and a wrong code return the same. */
function findOpenCode({ codes, now }: EnrolmentState, text: string): Code | undefined {
  const code = codes.get(hashOfCode(text));
  return code && isValid(code, now()) ? code : undefined;
}

/** Returns the codes that can still enrol a PC, the earliest expiry first. */
function openCodes({ codes, now }: EnrolmentState): Code[] {
  return [...codes.values()].filter((code) => isValid(code, now()) && code.uses > 0).sort((a, b) => a.ends - b.ends);
}

async function write(state: EnrolmentState, ops: readonly CodeRow[], row: Op): Promise<void> {
  if (!(await state.record([...ops, row]))) throw new Error('the ledger did not store the code');
  applyCodeRows(state, ops);
}

function applyCodeRows({ codes }: EnrolmentState, ops: readonly CodeRow[]): void {
  for (const { key, value } of ops) {
    const hash = key.slice(codePrefix.length);
    if (value === null) codes.delete(hash);
    else codes.set(hash, { hash, ...JSON.parse(value) });
  }
}

/** False for a code from a clock more than a day ahead, because it would stay valid for that long. */
function isValid({ ends, lifeMs }: HeldCode, now: number): boolean {
  return ends > now && ends - now <= lifeMs + aheadMostMs;
}

function rowOf(hash: string, code: HeldCode | null): CodeRow {
  return { op: 'meta', key: `${codePrefix}${hash}`, value: code && JSON.stringify(code) };
}

function hashOfCode(text: string): string {
  const secret = enrolSecretOf(text);
  return secret === undefined ? '' : hash('sha256', secret);
}

/**
 * Counts wrong codes by address (IPv6: by /64) and in total. Only wrong codes are checked here, so a correct code is never delayed.
 * Guarantee: five failures within ten minutes call `onAlarm`.
 */
function createWrongCodeLimit({ clock, onAlarm }: Pick<EnrolmentOptions, 'clock' | 'onAlarm'>) {
  const buckets = createBuckets(wrongCodes);
  /** The latest failures: time, network, and the site with an open code that was probably meant. */
  let recent: { at: number; network: string; site: string | null }[] = [];
  let noted = { since: Number.NEGATIVE_INFINITY, count: 0 };

  return {
    /** Milliseconds until this address may try again; 0 = now. */
    waitMs: (address: string): number => buckets.waitMs(networkOf(address), 1, clock.up()),

    /** False during a flood, when failures are only counted and not examined. */
    isFloodOver: (): boolean => clock.up() - noted.since >= minuteMs || noted.count < notedInMinute,

    /**
     * Counts a failure, with the site that it probably concerns. Returns false if too many failures occurred to write each to the audit.
     */
    failed(address: string, site: string | null = null): boolean {
      const now = clock.up();
      const network = networkOf(address);
      buckets.tryTake(network, 1, now);
      recent = [...recent, { at: now, network, site }].filter(({ at }) => now - at < alarmWithinMs).slice(-alarmTries);
      if (recent.length >= alarmTries) {
        const isOne = recent.every((one) => one.network === network && one.site === site);
        recent = [];
        onAlarm(address, isOne ? site : null);
      }
      if (now - noted.since >= minuteMs) noted = { since: now, count: 0 };
      noted.count += 1;
      return noted.count <= notedInMinute;
    },
  };
}
