/** The verbs of PCs and profiles. */
import { isPcPath, outageText, type PcView, type ProfileView, siteOf } from '#contracts';
import { bridgeText, upsText } from '../../sites/addresses.ts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { flag, takes, usual } from '../kit/options.ts';
import { answerText, readyText, table, timeText, whyText } from '../kit/text.ts';

/** By their words. */
export const pcs: Record<string, Verb> = {
  'pcs list': {
    usage: '[--site STATE/SITE]',
    does: { en: 'Lists the PCs and whether their rooms are ready.', hi: 'PC की सूची दिखाता है, और यह कि कमरे तैयार हैं या नहीं।' },
    words: [0, 0],
    options: { site: takes('only those of a site', 'सिर्फ़ इस ऑफ़िस के') },
    run: list,
  },
  'pcs show': {
    usage: 'STATE/SITE/PC',
    does: { en: 'Shows a PC with all its checks.', hi: 'एक PC और उसकी सारी जाँचें दिखाता है।' },
    words: [1, 1],
    run: show,
  },
  'pcs move': {
    usage: 'STATE/SITE/PC STATE/SITE[/PC]',
    does: { en: 'Moves a PC to another place.', hi: 'PC को दूसरी जगह ले जाता है।' },
    words: [2, 2],
    run: move,
  },
  'pcs retire': {
    usage: 'STATE/SITE/PC',
    does: { en: 'Takes a PC out for good.', hi: 'PC को हमेशा के लिए हटाता है।' },
    words: [1, 1],
    run: retire,
  },
  'pcs replace': {
    usage: 'STATE/SITE/PC',
    does: { en: 'Lets another machine take the place of a PC.', hi: 'PC की जगह दूसरी मशीन लगाने देता है।' },
    words: [1, 1],
    run: replace,
  },
  'pcs token': {
    usage: 'STATE/SITE/PC... | --scope SCOPE [--renew]',
    does: {
      en: 'Makes new tokens for PCs on this machine, shown this once.',
      hi: 'इस मशीन के PC के लिए नए टोकन बनाता है, जो एक ही बार दिखते हैं।',
    },
    words: [0, 100],
    options: {
      scope: usual.scope,
      renew: flag('also for PCs that have one', 'जिनके पास है उनके लिए भी नया'),
    },
    run: token,
  },
  profile: {
    usage: '[STATE[/SITE[/PC]]]',
    does: {
      en: 'Shows what is expected at a place, and where each value comes from.',
      hi: 'दिखाता है कि किसी जगह क्या होना चाहिए, और हर मान कहाँ से आया।',
    },
    words: [0, 1],
    run: profile,
  },
};

type Tokens = { tokens: Record<string, string> };

async function list({ api, options }: Call): Promise<Answer> {
  const site = options['site'];
  const all = await api.get<PcView[]>(typeof site === 'string' ? `/api/pcs?site=${encodeURIComponent(site)}` : '/api/pcs');
  const rows = all.map((pc) => [pc.pc, pc.room.en, pc.presence, readyText(pc.readiness), whyText(pc.why), timeText(pc.heardAt), pc.agent]);
  return { ok: true, json: all, text: table(['PC', 'ROOM', 'PRESENCE', 'READINESS', 'WHY', 'LAST HEARD', 'AGENT'], rows) };
}

async function show({ api, words: [pc = ''] }: Call): Promise<Answer> {
  const all = await api.get<PcView[]>(`/api/pcs?site=${encodeURIComponent(siteOf(pcPath(pc)))}`);
  const one = all.find((row) => row.pc === pc);
  if (one === undefined) throw new CliError(1, `there is no PC ${pc}`);
  const { wanted, held } = one.config;
  const head = [
    `${one.pc}  ${one.room.en}`,
    `${one.presence}${one.outage ? `: ${outageText(one.outage, 'en')}, since ${timeText(one.outage.from)}` : ''}, last heard ${timeText(one.heardAt)}, last roll call ${timeText(one.calledAt)}`,
    `${readyText(one.readiness)}${whyText(one.why) === '' ? '' : `: ${whyText(one.why)}`}`,
    `configuration ${held}${held === wanted ? '' : ` (should be ${wanted})`}, agent ${one.agent ?? '-'}, incident ${one.incident ?? '-'}`,
  ];
  const rows = one.checks.map((check) => [
    check.component,
    check.name ?? check.device,
    answerText(check),
    check.fault,
    check.reason,
    timeText(check.since),
  ]);
  return { ok: true, json: one, text: [...head, table(['COMPONENT', 'DEVICE', 'STATUS', 'FAULT', 'REASON', 'SINCE'], rows)].join('\n') };
}

async function move({ api, by, words: [pc = '', to = ''] }: Call): Promise<Answer> {
  return tokensAnswer(await api.post<Tokens>(`/api/pcs/${pcPath(pc)}/move`, { to, by }));
}

async function retire({ api, by, words: [pc = ''] }: Call): Promise<Answer> {
  await api.post(`/api/pcs/${pcPath(pc)}/retire`, { by });
  return { ok: true, json: { retired: pc }, text: `${pc} is retired` };
}

async function replace({ api, by, words: [pc = ''] }: Call): Promise<Answer> {
  return tokensAnswer(await api.post<Tokens>(`/api/pcs/${pcPath(pc)}/replace`, { by }));
}

async function token({ api, by, words, options }: Call): Promise<Answer> {
  const { scope } = options;
  if ((words.length === 0) === (scope === undefined)) throw new CliError(2, 'name the PCs, or a whole --scope');
  const renew = options['renew'] === true;
  const named = scope === undefined ? { pcs: words.map(pcPath) } : { scope: scope === 'all' ? '' : scope, renew };
  return tokensAnswer(await api.post<Tokens>('/api/tokens', { ...named, by }));
}

async function profile({ api, words: [path = ''] }: Call): Promise<Answer> {
  const view = await api.get<ProfileView>(`/api/profile${path === '' ? '' : `/${path}`}`);
  const { profile: found, origins, timeZone } = view;
  const values: Record<string, unknown> = {
    link: found.link,
    elevationM: found.elevationM,
    timeZone,
    tier: found.tier ?? 'audio',
    bridge: bridgeText(found.bridge ?? null),
    ups: upsText(found.ups ?? null),
    help: found.help ?? 'none',
    languages: found.languages?.join(', ') ?? 'all',
  };
  for (const [kind, devices] of Object.entries(found.expected))
    values[`expected.${kind}`] = devices?.map(({ match }) => match ?? 'any').join(', ') || 'none';
  const rows = Object.entries(values).map(([name, value]) => [name, `${value}`, originText(origins[name] ?? null)]);
  const drifting = view.pcs.filter(({ wanted, held }) => wanted !== held);
  const drift = drifting.map(({ pc, wanted, held, presence }) => [pc, held, wanted, presence]);
  const text = [
    table(['VALUE', 'IS', 'SET BY'], rows),
    '',
    `PCs: ${view.pcs.length}; with another version than wanted: ${drifting.length}`,
  ];
  if (drift.length > 0) text.push(table(['PC', 'HOLDS', 'SHOULD HOLD', 'PRESENCE'], drift));
  return { ok: true, json: view, text: text.join('\n') };
}

function originText(origin: string | null): string {
  return origin === null ? 'built-in default' : origin === '' ? 'the nation' : origin;
}

function tokensAnswer({ tokens }: Tokens): Answer {
  const rows = Object.entries(tokens);
  return { ok: true, json: { tokens }, text: table(['PC', 'TOKEN (shown this once)'], rows) };
}

function pcPath(text: string): string {
  if (!isPcPath(text)) throw new CliError(2, `"${text}" is no PC: expected STATE/SITE/PC`);
  return text;
}
