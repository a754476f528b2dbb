/** Alertmanager as a mirror: what people were told of stands there too, sent anew each minute, so that it ends by itself where we do. */
import type { Cancel, Clock, IncidentRow } from '@sabha/contracts';
import { type Alert, alertOf } from '../../notify/people/channels/kit/alert.ts';
import { type Fetch, request } from '../../notify/people/channels/kit/http.ts';

/** What is wrong between it and us, or that nothing is any more. */
export type MirrorWord = { fault: 'centre.channel_failing' | 'centre.channel_login'; standing: boolean; reason?: string };

/** Where it is, and what stands here. */
export type MirrorOptions = {
  clock: Clock;
  fetch: Fetch;
  /** Without a path. */
  url: string;
  token?: string | undefined;
  incidents(): readonly IncidentRow[];
  linkOf(incident: number): string | undefined;
  say(word: MirrorWord): void;
};

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

/** Starts it. Guarantee: an incident whose urgency or fault changed is one alert there, not two. */
export function startMirror(options: MirrorOptions): Cancel {
  const { clock, incidents, linkOf } = options;
  const ended = new AbortController();
  /** By their labels; `endedUp`: since when one does not stand any more. */
  const held = new Map<string, { alert: Alert; endedUp: number | null }>();
  const judge = createJudge(options.say);
  let sentUp = Number.NEGATIVE_INFINITY;
  let sent = '';
  let cancel: Cancel = () => {};

  function look(): void {
    const told = incidents().filter((one) => one.over === null && one.told.length > 0);
    const now = new Map(told.map((one) => byLabels(one, linkOf(one.id))));
    for (const [labels, { alert, endedUp }] of held) {
      if (now.has(labels)) continue;
      if (endedUp === null) held.set(labels, { alert: endOf(alert, clock.now()), endedUp: clock.up() });
      else if (clock.up() - endedUp > endSaidMs) held.delete(labels);
    }
    for (const [labels, alert] of now) held.set(labels, { alert, endedUp: null });
  }

  async function tick(): Promise<void> {
    look();
    const which = JSON.stringify([...held].map(([labels, { endedUp }]) => [labels, endedUp]));
    if (which === sent && clock.up() - sentUp < sendEveryMs) return;
    const all = [...held.values()].map(({ alert, endedUp }) => (endedUp === null ? endOf(alert, clock.now() + lastsMs) : alert));
    if (!judge(await post(options, all, ended.signal))) return;
    sent = which;
    sentUp = clock.up();
  }

  function next(): void {
    cancel = clock.after(lookEveryMs, () => void tick().finally(() => ended.signal.aborted || next()));
  }
  next();
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

/** What became of a post: taken, or why not. */
type Posted = { ok: true } | { ok: false; locked: boolean; reason: string };

async function post({ fetch, url, token }: MirrorOptions, alerts: readonly Alert[], ended: AbortSignal): Promise<Posted> {
  const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  for (let at = 0; at < Math.max(alerts.length, 1); at += alertsAtOnce) {
    const body = JSON.stringify(alerts.slice(at, at + alertsAtOnce));
    const signal = AbortSignal.any([ended, AbortSignal.timeout(sendLimitMs)]);
    const answer = await request(fetch, `${url.replace(/\/$/, '')}/api/v2/alerts`, { headers, body, signal });
    if (!answer.ok) return { ok: false, locked: false, reason: answer.reason };
    const { status } = answer;
    if (status < 200 || status >= 300)
      return { ok: false, locked: status === 401 || status === 403, reason: `Alertmanager answered ${status}` };
  }
  return { ok: true };
}

/** Says of a fault once that it stands, and once that it does not; true where the post was taken. */
function createJudge(say: MirrorOptions['say']) {
  let failures = 0;
  let told: MirrorWord['fault'] | undefined;
  return (posted: Posted): boolean => {
    failures = posted.ok ? 0 : failures + 1;
    const fault = faultOf(posted);
    const isEarly = fault === 'centre.channel_failing' && failures < failingTries;
    if (fault === told || isEarly) return posted.ok;
    if (told !== undefined) say({ fault: told, standing: false });
    if (fault !== undefined && !posted.ok) say({ fault, standing: true, reason: posted.reason });
    told = fault;
    return posted.ok;
  };
}

function faultOf(posted: Posted): MirrorWord['fault'] | undefined {
  if (posted.ok) return undefined;
  return posted.locked ? 'centre.channel_login' : 'centre.channel_failing';
}
