/**
 * What goes to other monitoring: what people were notified of stands in Alertmanager too, sent anew each minute so that it ends by itself
 * where this server does; and a heartbeat proves the whole way from a PC through broker, flows, tabs and outbox to an address outside (F29).
 */
import { type Cancel, type Clock, type IncidentRow, loadText, repeat, type Settings, siteOf } from '@sabha/contracts';
import type { OutboxRow } from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import { centralNotice } from '../../engine/transitions/delivery.ts';
import type { ChannelSettings } from '../../notify/people/channels/channels.ts';
import { type Alert, alertOf } from '../../notify/people/channels/kit/alert.ts';
import { type Fetch, request } from '../../notify/people/channels/kit/http.ts';
import { watchdogOf, watchdogPerson } from '../../notify/people/channels/watchdog.ts';
import { incidentLink, wallAddress } from '../../notify/people/words.ts';
import { centrePlace } from '../../sites/table.ts';
import type { Explain } from '../../view/explained.ts';
import type { CentreView, PcChoice } from '../../view/live.ts';

/** What changed is seen after so long; */
const lookEveryMs = 5_000;
/** all of it is sent anew after so long, */
const sendEveryMs = 60_000;
/** and what is not sent anew is over there after so long. */
const lastsMs = 5 * 60_000;
/** What ended is said for so long, as Prometheus does: Alertmanager may have been away. */
const endSaidMs = 15 * 60_000;
const sendLimitMs = 20_000;
const alertsAtOnce = 500;
const failingTries = 3;
const everyMs = 60_000;
/** Any fault of the centre takes the same way. */
const anyFault = 'centre.channel_failing';

type Fault = 'centre.channel_failing' | 'centre.channel_login';

/** Where it is, and what stands here. */
type MirrorOptions = {
  clock: Clock;
  settings: Pick<Settings, 'alertmanager'> & { https?: Parameters<typeof wallAddress>[0] };
  view: { incidents(): readonly IncidentRow[] };
  /** Reports a fault of the connection to Alertmanager with its reason, or its end (null). */
  say(fault: Fault, reason: string | null, device: string): void;
  fetch?: Fetch;
};

/**
 * Begins where the settings name an Alertmanager. Throws one line where the file of its token is missing.
 * Guarantee: an incident whose urgency or fault changed is one alert there, not two.
 */
export function startMirror(options: MirrorOptions): Cancel {
  const { clock, settings, view } = options;
  const { alertmanager, https } = settings;
  if (alertmanager === undefined) return () => {};
  const { url, tokenFile } = alertmanager;
  const authorization = tokenFile === undefined ? undefined : `Bearer ${loadText(tokenFile).trim()}`;
  const wall = wallAddress(https);
  const ended = new AbortController();
  const { fetch = globalThis.fetch } = options;
  const to = { url: `${url.replace(/\/$/, '')}/api/v2/alerts`, authorization, ended: ended.signal, fetch };
  /** By their labels; `endedUp`: since when one does not stand any more. */
  const held = new Map<string, { alert: Alert; endedUp: number | null }>();
  const judge = createJudge(options.say);
  let sentUp = Number.NEGATIVE_INFINITY;
  let sent = '';

  function look(): void {
    const told = view.incidents().filter((one) => one.over === null && one.told.length > 0);
    const now = new Map(told.map((one) => byLabels(one, wall && incidentLink(wall, one.id))));
    for (const [labels, { alert, endedUp }] of held) {
      if (now.has(labels)) continue;
      if (endedUp === null) held.set(labels, { alert: endOf(alert, clock.now()), endedUp: clock.up() });
      else if (clock.up() - endedUp > endSaidMs) held.delete(labels);
    }
    for (const [labels, alert] of now) held.set(labels, { alert, endedUp: null });
  }

  const cancel = repeat(clock, lookEveryMs, async () => {
    look();
    const which = JSON.stringify([...held].map(([labels, { endedUp }]) => [labels, endedUp]));
    if (which === sent && clock.up() - sentUp < sendEveryMs) return;
    const all = [...held.values()].map(({ alert, endedUp }) => (endedUp === null ? endOf(alert, clock.now() + lastsMs) : alert));
    if (!judge(await post(to, all))) return;
    sent = which;
    sentUp = clock.up();
  });
  return () => {
    ended.abort();
    cancel();
  };
}

function byLabels({ id, faults, severity, scope, site, room, openedAt }: IncidentRow, link: string | undefined): [string, Alert] {
  const fault = faults.find(({ hidden }) => !hidden)?.fault ?? faults[0]?.fault ?? 'incident';
  const alert = alertOf({ incident: id, fault, severity, scope, site, room, startsAt: openedAt, endsAt: null, link });
  return [JSON.stringify(alert.labels), alert];
}

function endOf(alert: Alert, at: number): Alert {
  return { ...alert, endsAt: new Date(at).toISOString() };
}

/** Why a post was not taken; undefined where it was. */
type Refusal = { fault: Fault; reason: string };
type Receiver = { url: string; authorization: string | undefined; fetch: Fetch; ended: AbortSignal };

async function post({ fetch, url, authorization, ended }: Receiver, alerts: readonly Alert[]): Promise<Refusal | undefined> {
  const headers = { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) };
  for (let at = 0; at < Math.max(alerts.length, 1); at += alertsAtOnce) {
    const body = JSON.stringify(alerts.slice(at, at + alertsAtOnce));
    const signal = AbortSignal.any([ended, AbortSignal.timeout(sendLimitMs)]);
    const answer = await request(fetch, url, { headers, body, signal });
    if (!answer.ok) return { fault: 'centre.channel_failing', reason: answer.reason };
    const { status } = answer;
    const fault = status === 401 || status === 403 ? 'centre.channel_login' : 'centre.channel_failing';
    if (status < 200 || status >= 300) return { fault, reason: `Alertmanager answered ${status}` };
  }
  return undefined;
}

/** Reports each fault once when it begins and once when it ends; returns true if Alertmanager accepted the request. */
function createJudge(say: MirrorOptions['say']) {
  let failures = 0;
  let told: Fault | undefined;
  return (refusal: Refusal | undefined): boolean => {
    const isTaken = refusal === undefined;
    failures = isTaken ? 0 : failures + 1;
    const isEarly = refusal?.fault === 'centre.channel_failing' && failures < failingTries;
    if (refusal?.fault === told || isEarly) return isTaken;
    if (told !== undefined) say(told, null, 'alertmanager');
    if (refusal !== undefined) say(refusal.fault, refusal.reason, 'alertmanager');
    told = refusal?.fault;
    return isTaken;
  };
}

/** Each part of the way, checked each minute. */
export type HeartbeatOptions = {
  clock: Clock;
  settings: { channels: ChannelSettings };
  view: Pick<CentreView, 'pcs' | 'unready'>;
  /** What the running tabs do with a fault of the centre. */
  explain: Explain;
  /** Writes a row into the ledger; the outbox has it after the commit. */
  record(ops: readonly Op[]): Promise<boolean>;
  /** Names where the way breaks, and once that it is whole again. */
  log: { warn(fields: object, line: string): void };
};

/**
 * Begins where the settings name a watchdog.
 * Guarantee: a beat goes out only where each part has just done its work; where one has not, nothing does.
 */
export function startHeartbeat(options: HeartbeatOptions): Cancel {
  const { clock, settings, record, log } = options;
  const watchdog = watchdogOf(settings.channels);
  if (watchdog === undefined) return () => {};
  let broken: string | undefined;
  return repeat(clock, everyMs, async () => {
    const why = await brokenAt(options, watchdog.pc).catch((error: Error) => error.message);
    const isSent = why === undefined && (await record([{ op: 'outbox', row: rowOf(options) }]).catch(() => false));
    const now = isSent ? undefined : (why ?? 'the ledger takes nothing');
    if (now !== broken) log.warn({}, now === undefined ? 'the heartbeat goes out again' : `no heartbeat goes out: ${now}`);
    broken = now;
  });
}

/** The first part that does not work; undefined where all do. */
async function brokenAt({ view, explain }: HeartbeatOptions, pc: string): Promise<string | undefined> {
  const why = view.unready();
  if (why !== undefined) return why;
  // A path of a PC has that of a site.
  const presence = view.pcs(siteOf(pc) as PcChoice).find((one) => one.pc === pc)?.presence;
  if (presence !== 'online') return `the PC of the heartbeat is ${presence ?? 'not in the site table'}`;
  const way = await explain('centre', anyFault);
  if (!way.ok) return way.line;
  if (way.value.how === null) return 'the tabs conclude nothing';
  return way.value.tells.length > 0 ? undefined : 'the tabs tell nobody';
}

/** One key for all: the ledger keeps one row, and a beat that still waits is not sent twice. `moved`: what is not heard now goes nowhere else. */
function rowOf({ clock }: HeartbeatOptions): OutboxRow {
  const now = clock.now();
  const notice = centralNotice({ kind: 'direct', lines: ['heartbeat'], place: centrePlace(), now });
  const to = { key: 'watchdog', transition: null, channel: 'watchdog', person: watchdogPerson };
  return { ...to, moved: true, notice, createdAt: now, dueAt: now, tries: 0, state: 'waiting', lastError: null };
}
