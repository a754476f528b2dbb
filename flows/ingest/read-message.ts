/**
 * Decodes a message of a PC into an event for the engine and operations for the ledger. An unreadable message still updates the last-seen
 * time.
 */
import {
  type Beat,
  commandAnswer,
  decode,
  type EventMessage,
  faultOf,
  issueText,
  isUpLeaf,
  type LinkReport,
  linkReport,
  type PresenceMessage,
  parseTopic,
  peekDigest,
  type SiteDetail,
  siteOf,
  type UpLeaf,
} from '@sabha/contracts';
import * as v from 'valibot';
import { readVersions } from '../engine/outages/pc.ts';
import type { PcEvent } from '../engine/records/incidents.ts';
import { linkBreakPrefix, linkReportPrefix, type Op } from '../engine/records/ops.ts';

/** A decoded message. `answer` requests an ack after the commit: for a birth (with its session), for events, or for a beat's echo. */
export type DecodedMessage = {
  pc: string;
  leaf: UpLeaf;
  event: PcEvent;
  ops: Op[];
  answer?: { session?: number; echo?: number };
  /** For a birth: the hello that it answers, the number of waiting events, and the spool with its first number. */
  birth?: { hello: string | undefined; waiting: number; spool: string; first: number };
  news?: LinkEvent[];
  /** `ok`, or the reason why the message could not be read. The counter of messages has this label. */
  result: string;
  detail?: string;
};

/**
 * Decodes one message; undefined for a topic that no PC sends to. `at` is the time of the server.
 * `isRollCall`: true for a hello whose responses ran the probes again. `askedMs`: age of a hello.
 */
export function decodeMessage(topic: string, payload: Buffer, around: DecodeContext): DecodedMessage | undefined {
  const parsed = parseTopic(topic);
  if (parsed?.kind !== 'pc') return undefined;
  const { pc, leaf } = parsed;
  if (!isUpLeaf(leaf)) return undefined;
  const decoded = decode(leaf, payload);
  if (decoded.ok) return { pc, leaf, ops: [], result: 'ok', ...readers[leaf](pc, decoded.value as never, around) };
  return { pc, leaf, event: { type: 'unreadable', pc, leaf }, ops: [], result: decoded.reason, detail: decoded.detail };
}

/** Returns the digest of a beat without parsing; undefined for any other message. */
export function quickDigest(topic: string, payload: Buffer): string | undefined {
  return topic.endsWith('/beat') && !payload.includes('"echo"') ? peekDigest(payload) : undefined;
}

type DecodedBody = Pick<DecodedMessage, 'event'> & Partial<DecodedMessage>;
type DecodeContext = { at: number; isRollCall(hello: string): boolean; askedMs(hello: string): number | undefined };

const readers: { [L in UpLeaf]: (pc: string, message: never, around: DecodeContext) => DecodedBody } = {
  presence: readPresence,
  state: (pc, message: { digest: string; session: number; rev: number; base?: string; checks: never[]; gone: string[] }) => ({
    event: { type: 'state', pc, ...message, base: message.base },
  }),
  beat: (pc, { digest, session, echo }: Beat) => ({
    event: { type: 'beat', pc, digest, session },
    ...(echo === undefined ? {} : { answer: { echo } }),
  }),
  inventory: (pc, { hash, items }: { hash: string; items: Record<string, unknown> }) => ({
    event: { type: 'inventory', pc, hash, versions: readVersions(items) },
    ops: [{ op: 'meta', key: `inventory/${pc}`, value: JSON.stringify(items) }],
  }),
  event: (pc, event: EventMessage, { at }) => readEvents(pc, [event], { at, isLive: true }),
  backlog: (pc, events: EventMessage[], { at }) => readEvents(pc, events, { at, isLive: false }),
};

const pathFault = v.object({ to: v.object({ fault: v.string() }) });

/** An event `command` with a valid body is the response to a command. With an invalid body it is an ordinary event. */
function eventOps(pc: string, event: EventMessage, at: number): Op[] {
  const own: Op = { op: 'event', pc, event, at };
  const read = event.kind === 'command' ? v.safeParse(commandAnswer, event.body) : undefined;
  return read?.success ? [own, { op: 'command-answer', pc, at, answer: read.output }] : [own];
}

/** Reads events. An invalid body of a `link` event is stored unchanged, counted, and not interpreted. */
function readEvents(pc: string, events: readonly EventMessage[], { at, isLive }: { at: number; isLive: boolean }): DecodedBody {
  const news: LinkEvent[] = [];
  let detail: string | undefined;
  for (const { kind, at: writtenAt, body, spool, seq } of events) {
    const from = { site: siteOf(pc), pc, spool, seq, at: isLive ? at : Math.min(at, writtenAt), heardAt: at, isLive };
    const fault = pathFaultOf(kind, body);
    if (fault !== undefined) news.push({ ...from, fault });
    const read = kind === 'link' ? v.safeParse(linkReport, body) : undefined;
    if (read?.success) news.push({ ...from, report: read.output });
    else if (read !== undefined) detail = issueText(read.issues[0]);
  }
  return {
    event: { type: 'heard', pc, spools: [...new Set(events.map(({ spool }) => spool))] },
    ops: events.flatMap((event) => eventOps(pc, event, at)),
    answer: {},
    ...(news.length > 0 && { news }),
    ...(detail !== undefined && { result: 'body', detail }),
  };
}

/** A cheap check first, because most events are no link break. */
function pathFaultOf(kind: string, body: EventMessage['body']): string | undefined {
  const read = kind === 'check' && body['component'] === 'path' ? v.safeParse(pathFault, body) : undefined;
  return read?.success && faultOf(read.output.to.fault) ? read.output.to.fault : undefined;
}

function readPresence(pc: string, said: PresenceMessage, { at, isRollCall, askedMs }: DecodeContext): DecodedBody {
  if (said.kind === 'bye') return { event: { type: 'bye', pc, boot: said.boot, session: said.session, reason: said.reason } };
  if (said.kind === 'lost') return { event: { type: 'lost', pc, boot: said.boot, session: said.session } };
  if (said.kind === 'gasp') return { event: { type: 'gasp', pc, boot: said.boot, session: said.session, runtimeMs: said.runtimeMs } };
  const { kind: _, hello, spool, ...rest } = said;
  const { id, first, last, carries = null } = spool;
  const fresh = hello !== undefined && isRollCall(hello);
  return {
    event: { type: 'birth', pc, ...rest, spool: id, askedMs: hello === undefined ? undefined : askedMs(hello), ...(fresh && { fresh }) },
    ops: [{ op: 'birth', pc, spool: id, first, last, carries, at }],
    answer: { session: said.session },
    birth: { hello, waiting: Math.max(0, last - first + 1), spool: id, first },
  };
}

/** Origin of a link report or break. `at`: time of receipt; for a replayed event the time of the PC, but never later than the receipt. */
type ReportSource = { pc: string; at: number; spool: string; seq: number };

/** A link report or break in a message. `heardAt` is the time of receipt. */
export type LinkEvent = ReportSource & { site: string; heardAt: number; isLive: boolean } & ({ report: LinkReport } | { fault: string });

/**
 * The latest link report and link break of each site, stored in the meta rows `link/<site>` and `broke/<site>`. They are kept as text,
 * because few are read. Guarantee: a late event never replaces a newer one, whatever the clocks said. R6 (retransmission), R9 (replayed
 * events), R29 (clock of the server).
 */
export function createLinkReports(meta: Readonly<Record<string, string>>) {
  const isOurs = (key: string): boolean => key.startsWith(linkReportPrefix) || key.startsWith(linkBreakPrefix);
  const held = new Map(Object.entries(meta).filter(([key]) => isOurs(key)));
  const pendingKeys = new Set<string>();
  const read = <Said>(key: string): (ReportSource & Said) | null => JSON.parse(held.get(key) ?? 'null');
  return {
    of(site: string): Pick<SiteDetail, 'link' | 'broke'> {
      const link = read<{ report: LinkReport }>(`${linkReportPrefix}${site}`);
      const broke = read<{ fault: string }>(`${linkBreakPrefix}${site}`);
      return {
        link: link && { pc: link.pc, at: link.at, report: link.report },
        broke: broke && { pc: broke.pc, at: broke.at, fault: broke.fault },
      };
    },

    recordLinkEvent(news: LinkEvent): void {
      const { site, heardAt: _, isLive: __, ...said } = news;
      const key = `${'fault' in news ? linkBreakPrefix : linkReportPrefix}${site}`;
      const before = read(key);
      if (before !== null && !isLater(news, before)) return;
      held.set(key, JSON.stringify(said));
      pendingKeys.add(key);
    },

    /** Returns the rows that changed since the last call, each once (R27). */
    changed(): Op[] {
      const ops = [...pendingKeys].map((key): Op => ({ op: 'meta', key, value: held.get(key) ?? null }));
      pendingKeys.clear();
      return ops;
    },
  };
}

/**
 * Returns true if an event is later than the stored one. Within a spool the higher number is later. Otherwise the times decide, and a
 * stored time in the future counts as earlier.
 */
function isLater(news: LinkEvent, before: ReportSource): boolean {
  const isOfSamePc = news.pc === before.pc;
  if (isOfSamePc && news.spool === before.spool) return news.seq > before.seq;
  if (news.isLive) return true;
  // A measurement of another PC replaces the stored one only if it was live, not replayed.
  if (!isOfSamePc && 'report' in news) return false;
  return news.at > before.at || before.at > news.heardAt;
}
