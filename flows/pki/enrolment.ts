/** Enrolment: codes are made, PCs get their first certificate by one and the next by the last, and whoever guesses is held up. */
import { oneLine, type RegistryEntry } from '#contracts';
import type { Op } from '../ledger/model.ts';
import type { OfficeOptions } from '../sites/office.ts';
import { turns } from '../turns.ts';
import type { Authority } from './authority.ts';
import type { Issued } from './certificates.ts';
import type { Codes } from './codes.ts';
import { enrolled, mayEnrol, mayRenew, renewed, swept, type Verdict } from './grants.ts';
import type { Guesses } from './guesses.ts';

export type EnrolmentOptions = {
  authority: Authority;
  codes: Codes;
  guesses: Guesses;
  sites: Pick<OfficeOptions, 'table' | 'entry' | 'apply'>;
  /** Writes rows of the ledger; false where they were not taken. */
  record(ops: readonly Op[]): Promise<boolean>;
  /** The time of the machine, by which certificates are valid. */
  now(): number;
};

/** `waitMs` with status 429. */
export type Refused = { ok: false; status: 400 | 401 | 403 | 429; line: string; waitMs?: number };
export type Certified = { ok: true; certificate: string } | Refused;
/** `uses`: undefined = one for each PC of the site. */
export type CodeWanted = { site: string; uses: number | undefined; hours: number; by: string };
export type CodeMade = { ok: true; code: string; uses: number; ends: number } | { ok: false; missing: boolean; line: string };
export type Enrolment = ReturnType<typeof createEnrolment>;

/** Who asks from where, and what for (PKCS#10, PEM or base64). */
type Asked = { address: string; request: string };

const renewalEveryMs = 60_000;
const crowdWaitMs = 60_000;
const hourMs = 3_600_000;
const wrongCode = { ok: false, status: 401, line: 'this enrolment code is wrong, used up or over' } as const;

/**
 * Guarantee: a certificate and the use of its code are one transaction, and nothing is answered before it is committed and the broker told.
 * A use is never given twice: requests are served one after the other.
 */
export function createEnrolment(options: EnrolmentOptions) {
  const inTurn = turns();
  const renewedAt = new Map<string, number>();
  return {
    makeCode: (asked: CodeWanted) => inTurn(() => makeCode(options, asked)),
    enrol: (asked: Asked & { password: string }) => inTurn(() => enrol(options, asked)),
    /** `name` and `serial` are those of the certificate that TLS has verified. */
    renew: (asked: Renewal) => inTurn(() => renew(options, renewedAt, asked)),
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
  const code = { site, uses, ends: now + hours * hourMs, by };
  const { text, ops } = options.codes.make(code, now);
  const row = audit(now, by, 'enrolment code made', `${site}, ${uses} use${uses === 1 ? '' : 's'}, ${hours} h`);
  if (!(await options.record([...ops, row]))) throw new Error('the ledger did not take the code');
  options.codes.committed(ops);
  return { ok: true, code: text, uses, ends: code.ends };
}

async function enrol(options: EnrolmentOptions, asked: Asked & { password: string }): Promise<Certified> {
  const { codes, guesses, now } = options;
  const waitMs = guesses.waitMs(asked.address);
  if (waitMs > 0) return slowDown(waitMs);
  const found = codes.find(asked.password, now());
  if (found === undefined) return refuse(options, asked.address, wrongCode);
  return certify(options, asked, {
    judge: (name) => mayEnrol(heldOf(options), { name, site: found.code.site }, now()),
    next: enrolled,
    what: 'certificate issued',
    by: `code by ${found.code.by}`,
    ops: [codes.used(found)],
  });
}

type Renewal = Asked & { name: string; serial: string };

async function renew(options: EnrolmentOptions, renewedAt: Map<string, number>, asked: Renewal): Promise<Certified> {
  const { guesses, now } = options;
  const { address, name, serial } = asked;
  const waitMs = Math.max(guesses.waitMs(address), (renewedAt.get(name) ?? Number.NEGATIVE_INFINITY) + renewalEveryMs - now());
  if (waitMs > 0) return slowDown(waitMs);
  const done = await certify(options, asked, {
    judge: (wanted) => mayRenew(heldOf(options), { name, serial, asked: wanted }, now()),
    next: (entry, issued) => renewed(entry, serial, issued, now()),
    what: 'certificate renewed',
    by: name,
    ops: [],
  });
  if (done.ok) renewedAt.set(name, now());
  return done;
}

type Way = {
  judge(name: string): Verdict;
  /** The entry of the PC with what was issued in it. */
  next(entry: RegistryEntry, issued: Issued): RegistryEntry;
  what: string;
  by: string;
  ops: readonly Op[];
};

async function certify(options: EnrolmentOptions, { address, request }: Asked, way: Way): Promise<Certified> {
  const { authority, codes, sites } = options;
  const read = await authority.readRequest(request);
  if (!read.ok) return refuse(options, address, { ok: false, status: 400, line: read.line });
  const { name, publicKey } = read.value;
  const first = way.judge(name);
  if (!first.ok) return refuse(options, address, first);
  const issued = await authority.issue({ kind: 'pc', name }, publicKey);
  // Once more: an operator may have said otherwise while it was signed. From here to `apply` nothing comes between.
  const verdict = way.judge(name);
  if (!verdict.ok) return refuse(options, address, verdict);
  const { entry } = verdict;
  // Before the answer is known: a use that was perhaps not committed is rather lost than given twice.
  codes.committed(way.ops);
  const audit = { who: way.by, what: way.what, about: `${entry.pc} ${issued.serial}` };
  await sites.apply({ nodes: [], gone: [], replaced: [], registry: [way.next(entry, issued)], audit }, way.ops);
  return { ok: true, certificate: issued.pem };
}

async function sweep({ sites, now }: EnrolmentOptions): Promise<void> {
  const registry = sites.table().known.flatMap(({ pc }) => {
    const entry = sites.entry(pc);
    return (entry && swept(entry, now())) ?? [];
  });
  if (registry.length === 0) return;
  const audit = { who: 'centre', what: 'certificates ended', about: `${registry.length} PCs` };
  await sites.apply({ nodes: [], gone: [], replaced: [], registry, audit });
}

/** Says no, and leaves a row; a flood leaves a few and is asked to come later. */
async function refuse(options: EnrolmentOptions, address: string, refused: Exclude<Verdict, { ok: true }> | Refused): Promise<Refused> {
  if (!options.guesses.failed(address)) return slowDown(crowdWaitMs);
  await options.record([audit(options.now(), address, 'enrolment refused', oneLine(refused.line, 200))]);
  return refused;
}

function slowDown(waitMs: number): Refused {
  return { ok: false, status: 429, line: `too many attempts: wait ${Math.ceil(waitMs / 1_000)} s`, waitMs };
}

function heldOf({ sites }: EnrolmentOptions) {
  return { table: sites.table(), entry: sites.entry };
}

function audit(at: number, who: string, what: string, about: string): Op {
  return { op: 'audit', at, who, what, about };
}
