/**
 * Exports to other monitoring systems:
 * - Alertmanager receives every incident of which people were notified, again each minute. An alert expires by itself if this server stops.
 * - A heartbeat to an outside address proves the path from a PC through broker, `flows`, tabs and outbox (F29).
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

/** Interval at which changes are looked for. */
const lookEveryMs = 5_000;
/** Interval at which all alerts are sent again. */
const sendEveryMs = 60_000;
/** Expiry of an alert that is not sent again. */
const alertExpiryMs = 5 * 60_000;
/** Time for which an ended alert is still sent, as Prometheus does, in case Alertmanager was unreachable. */
const endRepeatedMs = 15 * 60_000;
const sendLimitMs = 20_000;
const alertsAtOnce = 500;
const failingTries = 3;
const everyMs = 60_000;
/** Fault used to test the tabs. All faults of the server take the same path. */
const probedFault = 'centre.channel_failing';

type SendFault = 'centre.channel_failing' | 'centre.channel_login';

type AlertmanagerOptions = {
  clock: Clock;
  settings: Pick<Settings, 'alertmanager'> & { https?: Parameters<typeof wallAddress>[0] };
  view: { incidents(): readonly IncidentRow[] };
  /** Reports a fault of the connection to Alertmanager with its reason, or its end (null). */
  say(fault: SendFault, reason: string | null, device: string): void;
  fetch?: Fetch;
};

/**
 * Starts the export if the settings name an Alertmanager. Throws one line if the token file is missing. Guarantee: an incident whose
 * urgency or fault changed is one alert there, not two.
 */
export function startAlertmanagerExport(options: AlertmanagerOptions): Cancel {
  const { clock, settings, view } = options;
  const { alertmanager, https } = settings;
  if (alertmanager === undefined) return () => {};
  const { url, tokenFile } = alertmanager;
  const authorization = tokenFile === undefined ? undefined : `Bearer ${loadText(tokenFile).trim()}`;
  const wall = wallAddress(https);
  const ended = new AbortController();
  const { fetch = globalThis.fetch } = options;
  const to = { url: `${url.replace(/\/$/, '')}/api/v2/alerts`, authorization, ended: ended.signal, fetch };
  /** Alerts by their labels. `endedUp`: monotonic time since which the incident is over; null while it is open. */
  const held = new Map<string, { alert: Alert; endedUp: number | null }>();
  const judge = createFaultReporter(options.say);
  let sentUp = Number.NEGATIVE_INFINITY;
  let sent = '';

  function look(): void {
    const told = view.incidents().filter((one) => one.over === null && one.told.length > 0);
    const now = new Map(told.map((one) => byLabels(one, wall && incidentLink(wall, one.id))));
    for (const [labels, { alert, endedUp }] of held) {
      if (now.has(labels)) continue;
      if (endedUp === null) held.set(labels, { alert: endOf(alert, clock.now()), endedUp: clock.up() });
      else if (clock.up() - endedUp > endRepeatedMs) held.delete(labels);
    }
    for (const [labels, alert] of now) held.set(labels, { alert, endedUp: null });
  }

  const cancel = repeat(clock, lookEveryMs, async () => {
    look();
    const which = JSON.stringify([...held].map(([labels, { endedUp }]) => [labels, endedUp]));
    if (which === sent && clock.up() - sentUp < sendEveryMs) return;
    const all = [...held.values()].map(({ alert, endedUp }) => (endedUp === null ? endOf(alert, clock.now() + alertExpiryMs) : alert));
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

type SendFailure = { fault: SendFault; reason: string };
type AlertReceiver = { url: string; authorization: string | undefined; fetch: Fetch; ended: AbortSignal };

async function post({ fetch, url, authorization, ended }: AlertReceiver, alerts: readonly Alert[]): Promise<SendFailure | undefined> {
  const headers = { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) };
  for (let at = 0; at < Math.max(alerts.length, 1); at += alertsAtOnce) {
    const body = JSON.stringify(alerts.slice(at, at + alertsAtOnce));
    const signal = AbortSignal.any([ended, AbortSignal.timeout(sendLimitMs)]);
    const answer = await request(fetch, url, { headers, body, signal });
    if (!answer.ok) return { fault: 'centre.channel_failing', reason: answer.reason };
    const { status } = answer;
    const fault = status === 401 || status === 403 ? 'centre.channel_login' : 'centre.channel_failing';
    if (status < 200 || status >= 300) return { fault, reason: `Alertmanager responded with status ${status}` };
  }
  return undefined;
}

/** Reports each fault once when it begins and once when it ends. Returns true if Alertmanager accepted the request. */
function createFaultReporter(say: AlertmanagerOptions['say']) {
  let failures = 0;
  let reportedFault: SendFault | undefined;
  return (refusal: SendFailure | undefined): boolean => {
    const isTaken = refusal === undefined;
    failures = isTaken ? 0 : failures + 1;
    const isEarly = refusal?.fault === 'centre.channel_failing' && failures < failingTries;
    if (refusal?.fault === reportedFault || isEarly) return isTaken;
    if (reportedFault !== undefined) say(reportedFault, null, 'alertmanager');
    if (refusal !== undefined) say(refusal.fault, refusal.reason, 'alertmanager');
    reportedFault = refusal?.fault;
    return isTaken;
  };
}

/** Options of the heartbeat. Each part of the path is checked every minute. */
export type HeartbeatOptions = {
  clock: Clock;
  settings: { channels: ChannelSettings };
  view: Pick<CentreView, 'pcs' | 'unready'>;
  /** Explains what the running tabs do with a fault of the server. */
  explain: Explain;
  record(ops: readonly Op[]): Promise<boolean>;
  log: { warn(fields: object, line: string): void };
};

/** Starts the heartbeat if the settings name a watchdog. Guarantee: a heartbeat is sent only if each part of the path has just worked. */
export function startHeartbeat(options: HeartbeatOptions): Cancel {
  const { clock, settings, record, log } = options;
  const watchdog = watchdogOf(settings.channels);
  if (watchdog === undefined) return () => {};
  let broken: string | undefined;
  return repeat(clock, everyMs, async () => {
    const why = await problemAt(options, watchdog.pc).catch((error: Error) => error.message);
    const isSent = why === undefined && (await record([{ op: 'outbox', row: rowOf(options) }]).catch(() => false));
    const now = isSent ? undefined : (why ?? 'the ledger stores nothing');
    if (now !== broken) log.warn({}, now === undefined ? 'the heartbeat is sent again' : `no heartbeat is sent: ${now}`);
    broken = now;
  });
}

/** Returns the reason of the first part that fails; undefined if all work. */
async function problemAt({ view, explain }: HeartbeatOptions, pc: string): Promise<string | undefined> {
  const why = view.unready();
  if (why !== undefined) return why;
  // The path of a PC always contains a site.
  const presence = view.pcs(siteOf(pc) as PcChoice).find((one) => one.pc === pc)?.presence;
  if (presence !== 'online') return `the PC of the heartbeat is ${presence ?? 'not in the site table'}`;
  const way = await explain('centre', probedFault);
  if (!way.ok) return way.line;
  if (way.value.how === null) return 'the tabs conclude nothing';
  return way.value.tells.length > 0 ? undefined : 'the tabs notify nobody';
}

/**
 * Returns the outbox row of a heartbeat. All heartbeats share one key, so a new one replaces one that still waits. `moved` prevents another
 * channel.
 */
function rowOf({ clock }: HeartbeatOptions): OutboxRow {
  const now = clock.now();
  const notice = centralNotice({ kind: 'direct', lines: ['heartbeat'], place: centrePlace(), now });
  const to = { key: 'watchdog', transition: null, channel: 'watchdog', person: watchdogPerson };
  return { ...to, moved: true, notice, createdAt: now, dueAt: now, tries: 0, state: 'waiting', lastError: null };
}
