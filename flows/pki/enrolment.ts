/** Enrolment: codes are made and taken back, PCs get their first certificate by one and the next by the last, and whoever guesses is held up. */
import { hash, type KeyObject } from 'node:crypto';
import {
  type Buckets,
  type Clock,
  createBuckets,
  type EnrolCodeView,
  mutex,
  nameOf,
  oneLine,
  type PcPath,
  pathOfName,
  type RegistryEntry,
  siteOf,
  type Words,
} from '@sabha/contracts';
import type { Audit, Op } from '../engine/records/ops.ts';
import type { SiteOrdersOptions } from '../sites/site-orders.ts';
import type { Authority } from './authority.ts';
import type { CertificateRequest, Issued } from './certificates.ts';
import type { Codes } from './codes.ts';
import { enrolled, type Grant, mayEnrol, mayEnrolAgain, mayRenew, renewed, swept } from './grants.ts';
import type { Guesses } from './guesses.ts';

/** What enrolment stands on. */
export type EnrolmentOptions = {
  authority: Authority;
  codes: Codes;
  guesses: Guesses;
  sites: Pick<SiteOrdersOptions, 'table' | 'entry' | 'apply'>;
  /** Writes rows of the ledger; false where they were not taken. */
  record(ops: readonly Op[]): Promise<boolean>;
  /** The time of the machine, by which certificates are valid. */
  now(): number;
  /** By this goes what is deleted for its age. */
  settledAt(): number;
  clock: Pick<Clock, 'up'>;
};

/** `waitMs` with status 429. */
export type Refused = { ok: false; status: 400 | 401 | 403 | 429; line: string; waitMs?: number };
/** The certificate, or a status and one line that says why there is none. */
export type Certified = { ok: true; certificate: string } | Refused;
/** A PC of the site that a code is for, its room, and whether the code can still make it known. */
export type CodePc = { pc: PcPath; room: Words; open: boolean };
/** `uses`: undefined = one for each PC of the site. */
export type CodeWanted = { site: string; uses: number | undefined; hours: number; by: string };
/** A code, shown this once, or why there is none. */
export type CodeMade = { ok: true; code: string; uses: number; ends: number } | { ok: false; missing: boolean; line: string };
/** How a PC comes to its certificate. */
export type Enrolment = ReturnType<typeof createEnrolment>;

/** Who asks from where, and what for (PKCS#10, PEM or base64). */
type Asked = { address: string; request: string };

/** One renewal a minute for each PC. */
const renewals = { perSecond: 1 / 60, burst: 1 };
const crowdWaitMs = 60_000;
const hourMs = 3_600_000;
/** More offices than this are not named where it may have been any of them. */
const namedSites = 3;
/** To whoever shows one that was right. */
const usedUp = { ok: false, status: 401, line: 'this enrolment code is used up' } as const;
const wrongCode = { ok: false, status: 401, line: 'this enrolment code is wrong or over' } as const;

/**
 * Guarantee: a certificate and the use of its code are one transaction, and nothing is answered before it is committed and the broker told.
 * A use is never given twice: requests are served one after the other.
 */
export function createEnrolment(options: EnrolmentOptions) {
  const inTurn = mutex();
  const buckets = createBuckets(renewals);
  return {
    makeCode: (asked: CodeWanted) => inTurn(() => makeCode(options, asked)),
    codes: (): EnrolCodeView[] => options.codes.open(options.now()).map(({ code: { site, uses, ends, by } }) => ({ site, uses, ends, by })),
    /** Takes back what is open of a site; how many codes that were. */
    cancelCodes: (site: string, by: string) => inTurn(() => cancelCodes(options, site, by)),
    enrol: (asked: Asked & { password: string }) => inTurn(() => enrol(options, asked)),
    /** Which PCs a code is for: nobody has to type which one this is. */
    pcsOf: (asked: Omit<Asked, 'request'> & { password: string }) => inTurn(() => pcsOf(options, asked)),
    /** `name` and `serial` are those of the certificate that TLS has verified. */
    renew: (asked: Renewal) => inTurn(() => renew(options, buckets, asked)),
    /** Takes out of the registry what is over; to be called now and then. */
    sweep: () => inTurn(() => sweep(options)),
  };
}

async function makeCode(options: EnrolmentOptions, asked: CodeWanted): Promise<CodeMade> {
  const { site, hours, by } = asked;
  const table = options.sites.table();
  const pcs = table.pcsOf(site).length;
  if (table.node(site)?.site == null) return { ok: false, missing: true, line: `there is no site ${site}` };
  if (table.stageOf(site) === 'closed') return { ok: false, missing: false, line: `${site} is closed` };
  if (pcs === 0) return { ok: false, missing: false, line: `${site} has no PC in the site table` };
  const [now, uses] = [options.now(), asked.uses ?? pcs];
  const lifeMs = hours * hourMs;
  const code = { site, uses, ends: now + lifeMs, lifeMs, by };
  const { text, ops } = options.codes.make(code, Math.min(now, options.settledAt()));
  const row = audit(now, { who: by, what: 'enrolment code made', about: `${site}, ${uses} use${uses === 1 ? '' : 's'}, ${hours} h` });
  if (!(await options.record([...ops, row]))) throw new Error('the ledger did not take the code');
  options.codes.committed(ops);
  return { ok: true, code: text, uses, ends: code.ends };
}

async function cancelCodes({ codes, now, record }: EnrolmentOptions, site: string, by: string): Promise<number> {
  const open = codes.open(now()).filter(({ code }) => code.site === site);
  if (open.length === 0) return 0;
  const ops = open.map(codes.gone);
  const about = `${site}, ${open.length} code${open.length === 1 ? '' : 's'}`;
  if (!(await record([...ops, audit(now(), { who: by, what: 'enrolment codes cancelled', about })])))
    throw new Error('the ledger did not take it');
  codes.committed(ops);
  return open.length;
}

async function enrol(options: EnrolmentOptions, asked: Asked & { password: string }): Promise<Certified> {
  const { codes, now } = options;
  const { address } = asked;
  const found = codes.find(asked.password, now());
  if (found === undefined) return refuseCode(options, address, () => expectedSite(options, asked));
  const { site, uses, given, by } = found.code;
  const done = await certify(options, asked.request, {
    judge({ name, publicKey }) {
      const before = given?.[name];
      const isAgain = before?.key === hashOf(publicKey);
      const again = isAgain ? mayEnrolAgain(options.sites, { name, site, serial: before.serial }, now()) : undefined;
      if (again?.ok) return again;
      return uses > 0 ? mayEnrol(options.sites, { name, site }, now()) : usedUp;
    },
    change: (entry, issued, { name, publicKey }) => ({
      entry: enrolled(entry, issued),
      ops: [codes.used(found, name, { key: hashOf(publicKey), serial: issued.serial })],
    }),
    audit: { who: `code by ${by}`, what: 'certificate issued' },
  });
  return done.ok ? done : refuse(options, { address, site }, done);
}

/** Guarantee: whoever holds no code that opens learns nothing, and is held up as whoever enrols; of one that is used up only the PCs that it let in. */
async function pcsOf(
  options: EnrolmentOptions,
  asked: { address: string; password: string },
): Promise<Refused | { ok: true; pcs: CodePc[] }> {
  const { codes, now, sites } = options;
  const found = codes.find(asked.password, now());
  if (found === undefined) return refuseCode(options, asked.address, async () => sitesWithCode(options));
  const { site, uses, given } = found.code;
  const table = sites.table();
  const pcs = table.pcsOf(site).flatMap((pc) => {
    const [name, node] = [nameOf(pc), table.node(pc)];
    if (node === undefined || (uses <= 0 && given?.[name] === undefined)) return [];
    return [{ pc, room: node.name, open: mayEnrol(options.sites, { name, site }, now()).ok }];
  });
  return { ok: true, pcs };
}

/** `site`: whose code it is most likely meant to be; asked only where somebody is not held up anyway. */
async function refuseCode(options: EnrolmentOptions, address: string, site: () => Promise<string | null>): Promise<Refused> {
  const waitMs = options.guesses.waitMs(address);
  return waitMs > 0 ? slowDown(waitMs) : refuse(options, { address, site: await site() }, wrongCode);
}

type Renewal = Asked & { name: string; serial: string };

/** Once a minute for each PC, whatever comes of it: nobody guesses here, and no PC is to fill the audit. */
async function renew(options: EnrolmentOptions, buckets: Buckets, asked: Renewal): Promise<Certified> {
  const { clock, now, record } = options;
  const { name, serial } = asked;
  const waitMs = buckets.waitMs(name, 1, clock.up());
  if (waitMs > 0) return slowDown(waitMs);
  buckets.take(name, 1, clock.up());
  const done = await certify(options, asked.request, {
    judge: (wanted) => mayRenew(options.sites, { name, serial, asked: wanted.name }, now()),
    change: (entry, next) => ({ entry: renewed(entry, { old: serial, next }, now()), ops: [] }),
    audit: { who: name, what: 'certificate renewed' },
  });
  if (!done.ok) await record([refusalRow(now(), asked.address, done)]);
  return done;
}

type Way = {
  judge(request: CertificateRequest): Grant;
  /** The entry of the PC with its new certificate, and the rows of the ledger that go with it. */
  change(entry: RegistryEntry, issued: Issued, request: CertificateRequest): { entry: RegistryEntry; ops: readonly Op[] };
  audit: Pick<Audit, 'who' | 'what'>;
};

async function certify({ authority, codes, sites }: EnrolmentOptions, text: string, { judge, change, audit }: Way): Promise<Certified> {
  const read = await authority.readRequest(text);
  if (!read.ok) return { ok: false, status: 400, line: read.line };
  const request = read.value;
  const first = judge(request);
  if (!first.ok) return first;
  const issued = await authority.issue({ kind: 'pc', name: request.name }, request.publicKey);
  // A second check: an operator may have revoked the PC during the signature. Nothing comes between this check and `apply`.
  const grant = judge(request);
  if (!grant.ok) return grant;
  const { entry, ops } = change(grant.entry, issued, request);
  // Before the commit: a use whose commit is uncertain is lost and never given twice.
  codes.committed(ops);
  const about = `${entry.pc} ${issued.serial}`;
  await sites.apply({ nodes: [], gone: [], replaced: [], registry: [entry], audit: { ...audit, about } }, ops);
  return { ok: true, certificate: issued.pem };
}

async function sweep({ sites, now, settledAt }: EnrolmentOptions): Promise<void> {
  const registry = sites.table().known.flatMap(({ pc }) => {
    const entry = sites.entry(pc);
    return (entry && swept(entry, Math.min(now(), settledAt()))) ?? [];
  });
  if (registry.length === 0) return;
  const audit = { who: 'centre', what: 'certificates ended', about: `${registry.length} PCs` };
  await sites.apply({ nodes: [], gone: [], replaced: [], registry, audit });
}

/** The site of the PC that asks, where a code of it is open: whoever was given that one may have typed it wrong. Null for anybody else. */
async function expectedSite({ authority, codes, guesses, sites, now }: EnrolmentOptions, { request }: Asked): Promise<string | null> {
  const read = guesses.isCalm() ? await authority.readRequest(request) : undefined;
  const pc = read?.ok ? pathOfName(read.value.name) : undefined;
  if (pc === undefined || sites.table().node(pc) === undefined) return null;
  const site = siteOf(pc);
  return codes.open(now()).some(({ code }) => code.site === site) ? site : null;
}

/** Who asks which PCs a code is for names none: where codes are open, somebody who was given one of them has typed it wrong. */
function sitesWithCode({ codes, now }: EnrolmentOptions): string | null {
  const sites = [...new Set(codes.open(now()).map(({ code }) => code.site))].sort();
  const named = sites.slice(0, namedSites).join(', ');
  return sites.length === 0 ? null : `${named}${sites.length > namedSites ? ', …' : ''}`;
}

type Whom = { address: string; site: string | null };

/** Says no, and leaves a row; a flood leaves a few and is asked to come later. */
async function refuse(options: EnrolmentOptions, { address, site }: Whom, refused: Refused): Promise<Refused> {
  if (!options.guesses.failed(address, site)) return slowDown(crowdWaitMs);
  await options.record([refusalRow(options.now(), address, refused)]);
  return refused;
}

function refusalRow(now: number, address: string, { line }: Refused): Op {
  return audit(now, { who: address, what: 'enrolment refused', about: oneLine(line, 200) });
}

function slowDown(waitMs: number): Refused {
  return { ok: false, status: 429, line: `too many attempts: wait ${Math.ceil(waitMs / 1_000)} s`, waitMs };
}

function hashOf(key: KeyObject): string {
  return hash('sha256', key.export({ type: 'spki', format: 'der' }), 'base64url');
}

function audit(at: number, step: Audit): Op {
  return { op: 'audit', at, ...step };
}
