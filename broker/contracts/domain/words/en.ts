/** The words of the domain in English: every other language has the same keys. What probes bring stands with their faults: titles, actions, components, reasons. */
import { componentsIn, type FaultId, type Language } from '../faults.ts';
import type { LinkClass } from '../links.ts';
import type { OutageCause, Sureness } from '../outages.ts';
import type { Answer, Readiness, SiteStage } from '../sites.ts';
import type { AgainReason, Presence, Severity, TransitionKind } from '../states.ts';
import type { Tier } from '../tiers.ts';

/** Group, key, word; `{n}` is a blank for a number. */
export const en = {
  severity: { critical: 'Critical', major: 'Major', minor: 'Minor', info: 'For information' } satisfies Record<Severity, string>,
  kind: {
    raised: 'Raised',
    worsened: 'Got worse',
    eased: 'Got better',
    cleared: 'Cleared',
    closed: 'Closed',
  } satisfies Record<TransitionKind, string>,
  /** Why an incident was closed; another reason is shown as it is. `moved to` is followed by a path. */
  closed: {
    'no longer checked': 'no longer checked',
    'site closed': 'site closed',
    'site no longer live': 'site no longer live',
    'no longer in the site table': 'no longer in the site table',
    'no longer in sabha.json': 'no longer in sabha.json',
    retired: 'the PC is retired',
    revoked: 'the PC was shut out (sabha revoke)',
    replaced: 'the PC was replaced',
    'moved to': 'the PC was moved to',
  },
  status: { ok: 'works', unproven: 'there, open, not proven', fault: 'fault', unknown: 'unknown' } satisfies Record<Answer, string>,
  readiness: { ready: 'Ready (not proven)', 'not-ready': 'Not ready', unknown: 'Unknown' } satisfies Record<Readiness, string>,
  presence: {
    unheard: 'Not heard since the centre was away',
    stopped: 'Agent was stopped',
    lost: 'Connection just broke',
    silent: 'Does not answer',
    never: 'Never heard',
  } satisfies Record<Exclude<Presence, 'online'>, string>,
  stage: { planned: 'Planned', commissioning: 'Being set up', live: 'Live', closed: 'Closed' } satisfies Record<SiteStage, string>,
  /** What has to be done before a site is live. */
  checklist: {
    installed: 'The agent is installed on every PC',
    heard: 'Every PC is connected',
    configured: 'Every PC has its newest profile',
    'no-fault': 'No fault stands',
    'all-known': 'Every check has an answer',
  },
  link: {
    fibre: 'Fibre',
    '4g': '4G',
    leo: 'Satellite (LEO)',
    geo: 'Satellite (GEO)',
    floor: 'Lowest use',
  } satisfies Record<LinkClass, string>,
  tier: {
    none: 'not even audio',
    audio: 'audio only',
    sd: 'SD video',
    hd: 'HD video',
    fhd: 'full HD video',
  } satisfies Record<Tier | 'none', string>,
  /** What keeps a link from a higher tier. */
  limit: {
    capacity: 'too little capacity for more',
    loss: 'too much is lost for more',
    jitter: 'too uneven for more',
    delay: 'too slow to answer for more',
    'udp-blocked': 'UDP does not get through',
    unknown: 'what lasts is not known',
  },
  /** What is measured of a link. */
  measure: {
    roundTrip: 'Round trip',
    loss: 'Lost',
    jitter: 'Uneven by',
    sound: 'Sound',
    capacity: 'Capacity',
    overTcp: 'at least, by TCP',
    burst: '{rate} (at first {peak}, for {kB} kB)',
    seen: 'at least {rate} for the first {MB} MB',
    least: 'at least {rate}',
    free: 'Free, as seen by this PC',
    /** Towards the centre, and from it. */
    upDown: 'up {up}, down {down}',
  },
  outage: {
    intended: 'switched off in order',
    'power-cut': 'power cut',
    'link-down': 'link down',
    upstream: 'line of the state or provider down',
    crash: 'PC crashed',
    'pc-off': 'only this PC is away',
    undetermined: 'not known yet, the site cannot be reached',
  } satisfies Record<OutageCause, string>,
  /** What is sure is said as it is. */
  sureness: { sure: '{cause}', likely: 'probably {cause}', open: 'not known, perhaps {cause}' } satisfies Record<Sureness, string>,
  /** What to do about a PC that is away, by why it is: at most three actions, one a sentence. */
  outageAction: {
    intended: 'Switch the PC on before the next meeting.',
    'power-cut':
      'Ask the office how long the power will be away. Start the generator if a meeting is near. Switch the PC on when the power is back.',
    'link-down': 'Switch the router off and on again. If the line stays down, report it to its provider.',
    upstream: 'In the room there is nothing to do. Ask the provider when its line will be back.',
    crash: "Switch the PC on again. If it crashes again, tell the state's engineer.",
    'pc-off': 'Switch the PC on. If it is on, check its network cable. Then restart it.',
    undetermined: 'Call the office. Ask whether there is power and whether the router is on. Then have the PC switched on.',
  } satisfies Record<OutageCause, string>,
  /** Why what people know of is told once more; `{name}` is who did that. */
  again: {
    lapsed: '{name} was on it; nobody is now.',
    reopened: '{name} said that it is fixed.',
    assigned: 'Assigned by {name}.',
    awake: '{name} wanted it quiet until now.',
    maintained: 'Still bad at the end of the maintenance.',
  } satisfies Record<AgainReason, string>,
  /** The same to whoever did that. */
  againOwn: { lapsed: 'You were on it; nobody is now.', reopened: 'You said that it is fixed.', awake: 'You wanted it quiet until now.' },
  /** The sentences of a message. */
  message: {
    over: 'Already over',
    oneMore: 'One more',
    severalMore: '{n} more',
    /** Below a message that was sent before: who has it now, and who asked whom. */
    onIt: '✔ {name}: I am on it',
    asked: '{name} asked {to}',
    stillThere: 'Still there',
    comesLate: 'Late message',
    since: 'Since {from}.',
    between: 'From {from} to {to}.',
    flapping: 'It comes and goes.',
    todo: 'To do: {action}',
    also: 'Also: {list}',
    others: 'and {n} more',
    /** One cause of many: who is away, how many of how many; at its end whom it did not bring back. */
    manyPcs: '{down} of {of} PCs: {list}',
    manySites: '{down} of {of} sites: {list}',
    manyRooms: '{down} rooms: {list}',
    left: 'Not over yet for these; each that lasts is reported by itself: {list}',
    why: 'Why: {reason}.',
    beside: 'not known; another PC of the site answers',
    thought: 'At first it looked like: {cause}.',
    restOpen: 'The rest is still open.',
    stillOpen: 'Still open: {list}.',
    isOver: 'This is over.',
    roomWell: 'No fault is left in the room. Nothing more to do.',
    allWell: 'It is over for all of them. Nothing more to do.',
    alreadyOver: 'It is already over. Nothing to do.',
    /** Of maintenance: its beginning, its end, and what comes then. */
    begun: 'Begun',
    ended: 'Over',
    maintained: 'What is still bad here is told on its own.',
    counted: 'Only counted in this hour: {n} more.',
    phone: 'Call the room: {text}',
    contact: 'Office contact: {text}',
    wayIn: 'Way in: {text}',
    spare: 'Bring along: {text}',
    lineOf: 'Line: {text}',
    before: 'Earlier here: {list}',
    /** Why it comes to whoever was not told before. */
    gaveBack: '{name} cannot go ({time}). Nobody is on it.',
    untaken: 'Told to {names} at {time}, nobody has taken it.',
    incident: 'Incident {n}',
    digest: '{n} alerts of the night',
    stillStands: 'These still stand this morning:',
    late: 'Late alerts: {n}',
    wasAway: 'For a while messages did not come through here:',
    atOnce: '{n} alerts at once',
    auditHead: 'Audit of {date}: row {row}, {hash}',
    meeting: 'Meeting at {time}.',
    tap: 'Answer with one tap: {url}',
    /** On the button of a mail, and before the address of the wall. */
    reply: 'Answer: I am going, I am here …',
    onWall: 'See it in Sabha (needs a login): {url}',
  },
  /** What a person answers to an alert by its link or a button, and the page that the link opens. */
  answer: {
    seen: 'Seen',
    going: 'I am going',
    fixed: 'It is fixed',
    'not-mine': 'Not mine',
    /** The same, of who has it. */
    cannotGo: 'I cannot go',
    takeOver: 'I take it over',
    here: 'I am here: check now',
    checkAgain: 'Check again',
    /** What follows of two of them. */
    meansSeen: 'others are still told.',
    meansGoing: 'nobody further is told.',
    sending: 'Sending…',
    unsent: 'Not sent: no connection. Tap again when there is one.',
    away: 'The centre does not answer at the moment. Your answer was not sent.',
    silent: 'No connection since {time}. This is what was known then.',
    besides: '{what} (since {time})',
    went: '{what}: works again since {time}.',
    nobody: 'Nobody has it.',
    has: '{name} has it since {time}.',
    mine: 'You have it since {time}.',
    had: '{name} had it from {time}.',
    mineBefore: 'You had it from {time}.',
    broken: 'It does not work yet.',
    unknown: 'It cannot be measured at the moment.',
    well: 'Works since {time}. You need not wait: the all-clear comes as a message.',
    over: 'Over since {time}.',
    checking: 'The room is being checked. The result appears here.',
    checked: 'Checked at {time}. Still there: {what}.',
    noAnswer: 'Asked at {time}: the PC does not answer. Look whether the PC is on and its network cable is in. Then check again.',
    notReached: 'The room cannot be asked at the moment.',
    saidSeen: '{name} has seen it ({time})',
    saidGoing: '{name} is going ({time})',
    saidFixed: '{name} says it is fixed ({time})',
    saidNotMine: '{name}: not mine, the next one is told ({time})',
    saidHere: '{name} is there ({time})',
    takeOverAsk: 'Do you take it over?',
    used: 'You said this with this link already.',
    late: 'This link is older than a day. Open the newest message.',
    wrong: 'This link is not one of ours, or a part of it is missing. Open it once more from the message.',
    stranger: 'This link is for somebody who is no longer told.',
    missing: 'This alert is no longer kept.',
    busy: 'Too many tries. Wait {n} s.',
    back: 'Back to the alert',
    said: 'Who said what',
  },
  /** The texts of an SMS around a fault's title, `{title}`: two segments hold them. */
  sms: {
    newsLink: '{site}, {room}: {title}, since {since}. Incident {n}: {url} Sabha',
    news: '{site}, {room}: {title}, since {since}. Incident {n}. Sabha',
    newsShort: '{site}: {title}, {since}. Incident {n}. Sabha',
    well: '{site}, {room}: the room is well again, {since} to {until}. Incident {n}. Sabha',
    eased: '{site}, {room}: some of it is better, the rest is still open. Incident {n}. Sabha',
    closed: '{site}, {room}: incident {n} is closed. Sabha',
    maintained: '{site}, {room}: maintenance is over, {since} to {until}. Incident {n}. Sabha',
    many: '{site}, {room}, since {since}, and elsewhere: {n} alerts open, {m} over. Sabha',
    direct: '{site}: {title}, {since}. Sabha',
  },
  /** What the centre tells without an incident. */
  direct: {
    commit_failed: 'The ledger cannot be written',
    commit_slow: 'The ledger is not written for more than 5 s',
    disk_full: 'Disk of the central machine is full',
    stage_broke: 'A part of the alert service broke',
    unknown_for_a_day: 'Unknown for a day',
    channel_test: 'Test message',
    shift_taken: 'Somebody has taken over your shift',
    announcement: 'A notice for you',
    not_mine: 'Somebody says that an alert is not theirs, and nobody further is to be told',
  },
  /** What is to be done about it. */
  directAction: {
    commit_failed: 'Check the disk of the central machine. Read the log of flows.',
    commit_slow: 'Look whether the disk of the central machine is slow or hangs. No alert is stored until it writes again.',
    disk_full: 'Free some disk space on the central machine. No alert is stored until then.',
    stage_broke: 'Read the log of flows on the central machine. No alert is lost; some may come later.',
    unknown_for_a_day: 'Call the offices in the list. Ask whether the PC is on and somebody is signed in.',
    channel_test: 'Nothing to do. It only shows that messages reach you.',
    shift_taken: 'Nothing to do. Until the shift ends, messages go to the person named here.',
    announcement: 'Read it. If there is a link below, press it afterwards.',
    not_mine: 'Find somebody for the room that is named.',
  },
  /** The reply to a sender whose address is not in the roster. */
  sender: { stranger: 'Not in the roster of Sabha' },
  /** The page of a notice to many. */
  announce: { read: 'I have read it', thanks: 'Thank you. It is noted that you have read this.', gone: 'This notice is no longer kept.' },
  /** Whom a step of an incident was told, or why nobody: the sentence of `explain` and of the wall. */
  why: {
    told: 'Told {list}.',
    nobody: 'Told nobody: {why}.',
    onItsWay: 'Told nobody yet: it is on its way.',
    grew: '{n} more sites went.',
  },
  /** What became of a step, as the centre and the tabs of the first start write it; another conclusion is shown as it is. */
  conclusion: {
    'over before anybody was told': 'over before it could be told',
    'nobody had been told': 'nobody knew that it began',
    'not told: nobody knew of it': 'nobody knew that it began',
    'not told: info only': 'it only informs',
    'explained by a greater fault': 'a greater fault explains it',
    'already told': 'they know of it already',
    'something worse stands by now': 'something worse stands by now',
    'told once more': 'it was told with what came later',
    'held back: quiet': 'it waits: somebody wants it quiet, or maintenance goes on',
    'held back: enough was told in this hour': 'it waits: enough was told of this place in this hour',
    'counted: enough was told in this hour': 'enough was told of this place in that hour, so it was only counted',
    'counted: its PC is noisy': 'its PC says too much, so it was only counted',
    'waits for the morning': 'it waits for the morning',
    'waits for the opening of the office': 'it waits until the office opens',
    'on hold': 'it has to stand for a while first',
    'on hold (thin link)': 'it has to stand for a while first',
    'default route: central told': 'the tabs did not finish, so central was told',
  },
  supply: { mains: 'on mains', battery: 'on battery' },
  /** The place of the channels: each brings its own word, in `flows/notify/people/channels/`. */
  channel: {},
  /** What a check is about: a component, or `component.device` where a part of it has a word of its own. */
  component: componentsIn('en'),
  /** The way from a PC to its centre, step by step. */
  layer: {
    network: 'network',
    router: 'router',
    line: 'line',
    names: 'DNS',
    port: 'port',
    tls: 'TLS',
    certificate: 'certificate',
    clock: 'clock',
  },
  /** What to do about something that nobody knows. */
  nextStep: {
    connect: 'Enrol this PC with a code of the central team.',
    configure: 'Start the agent of this PC{start}: it then learns from the centre what this room should have.',
    session: 'Sign in at this PC and look at its room card: it sees what this check cannot.',
    install: 'Ask whoever looks after this PC to install it.',
    again: 'Check again in two minutes. If it stays, tell the central team what is said here.',
  },
  unit: { seconds: '{n} s', minutes: '{n} min', hours: '{n} h', days: '{n} d', metres: '{n} m' },
};

/** What each language has: every group with a word for each of its keys. */
export type Vocabulary = { readonly [G in keyof typeof en]: Readonly<Record<keyof (typeof en)[G], string>> };

/** How a language writes a date, always with Latin digits, and the length of a month's name in it. */
export type Dates = { locale: string; month: 'short' | 'long' };

/** A language that messages are written in beside English and Hindi: all that it needs, in one file. */
export type FurtherLanguage = {
  dates: Dates;
  /** In which of the names of the site table places are named. */
  names: Language;
  /** What a probe brought and nobody has translated yet is told in the language of `names`. */
  vocabulary: Omit<Vocabulary, 'component'> & { readonly component: Readonly<Partial<Vocabulary['component']>> };
  titles: Readonly<Partial<Record<FaultId, string>>>;
  /** What to do, at most three actions, one a sentence. */
  actions: Readonly<Partial<Record<FaultId, string>>>;
  /** What machines say, by the pattern in `reasons.ts`. */
  reasons: Readonly<Record<string, string>>;
};
