/**
 * English texts of domain terms. Every other language has the same keys. Titles, actions, components and reasons are in the fault
 * catalogue.
 */
import { componentNames, type FaultId, type Language } from '../faults.ts';
import type { LinkClass } from '../links.ts';
import type { ConfidenceLevel, OutageCause } from '../outages.ts';
import type { Readiness, ShownStatus, SiteStage } from '../sites.ts';
import type { Presence, RepeatReason, Severity, TransitionKind } from '../states.ts';
import type { Tier } from '../tiers.ts';

/** Group, key, text. `{n}` is a blank for a number. */
export const en = {
  severity: { critical: 'Critical', major: 'Major', minor: 'Minor', info: 'For information' } satisfies Record<Severity, string>,
  kind: {
    raised: 'Raised',
    worsened: 'Got worse',
    eased: 'Got better',
    cleared: 'Cleared',
    closed: 'Closed',
  } satisfies Record<TransitionKind, string>,
  /** Why an incident was closed; any other reason is shown unchanged. A path follows `moved to`. */
  closed: {
    'no longer checked': 'no longer checked',
    'site closed': 'site closed',
    'site no longer live': 'site no longer live',
    'no longer in the site table': 'no longer in the site table',
    'no longer in sabha.json': 'no longer in sabha.json',
    retired: 'the PC is retired',
    revoked: 'the access of the PC was withdrawn (sabha revoke)',
    replaced: 'the PC was replaced',
    'moved to': 'the PC was moved to',
  },
  status: { ok: 'works', unproven: 'there, open, not proven', fault: 'fault', unknown: 'unknown' } satisfies Record<ShownStatus, string>,
  readiness: { ready: 'Ready (not proven)', 'not-ready': 'Not ready', unknown: 'Unknown' } satisfies Record<Readiness, string>,
  presence: {
    unheard: 'No message since the server came back',
    stopped: 'Agent was stopped',
    lost: 'Connection lost just now',
    silent: 'Does not answer',
    never: 'Never connected',
  } satisfies Record<Exclude<Presence, 'online'>, string>,
  stage: { planned: 'Planned', commissioning: 'Being set up', live: 'Live', closed: 'Closed' } satisfies Record<SiteStage, string>,
  /** Checklist for the setup of a site. */
  checklist: {
    installed: 'The agent is installed on every PC',
    heard: 'Every PC is connected',
    configured: 'Every PC has its newest profile',
    'no-fault': 'No fault is open',
    'all-known': 'Every check has a result',
  },
  link: {
    fibre: 'Fibre',
    '4g': '4G',
    leo: 'Satellite (LEO)',
    geo: 'Satellite (GEO)',
    floor: 'Lowest data use',
  } satisfies Record<LinkClass, string>,
  tier: {
    none: 'not even audio',
    audio: 'audio only',
    sd: 'SD video',
    hd: 'HD video',
    fhd: 'full HD video',
  } satisfies Record<Tier | 'none', string>,
  limit: {
    capacity: 'too slow for more',
    loss: 'too much data is lost for more',
    jitter: 'too unsteady for more',
    delay: 'replies too slowly for more',
    'udp-blocked': 'UDP does not get through',
    unknown: 'the lasting speed is not known',
  },
  measure: {
    roundTrip: 'Round trip',
    loss: 'Data lost',
    jitter: 'Varies by',
    sound: 'Sound',
    capacity: 'Capacity',
    overTcp: 'at least, measured by TCP',
    burst: '{rate} (at first {peak}, for {kB} kB)',
    seen: 'at least {rate} for the first {MB} MB',
    least: 'at least {rate}',
    free: 'Free capacity, as seen by this PC',
    /** To the server, and from it. */
    upDown: 'up {up}, down {down}',
  },
  outage: {
    intended: 'switched off normally',
    'power-cut': 'power cut',
    'link-down': 'link down',
    upstream: 'line of the state or provider down',
    crash: 'PC crashed',
    'pc-off': 'only this PC is offline',
    undetermined: 'not known yet, the site cannot be reached',
  } satisfies Record<OutageCause, string>,
  /** A sure cause has no addition. */
  sureness: { sure: '{cause}', likely: 'probably {cause}', open: 'not known, perhaps {cause}' } satisfies Record<ConfidenceLevel, string>,
  /** Action for an offline PC by the cause: at most three steps, one per sentence. */
  outageAction: {
    intended: 'Switch the PC on before the next meeting.',
    'power-cut':
      'Ask the office when the power will be back. Start the generator if a meeting starts soon. Switch the PC on when the power is back.',
    'link-down': 'Switch the router off and on again. If the line stays down, report it to its provider.',
    upstream: 'Nothing to do in the room. Ask the provider when its line will be back.',
    crash: "Switch the PC on again. If it crashes again, report it to the state's engineer.",
    'pc-off': 'Switch the PC on. If it is on, check its network cable. Then restart it.',
    undetermined: 'Call the office. Ask whether there is power and whether the router is on. Then ask the office to switch the PC on.',
  } satisfies Record<OutageCause, string>,
  /** Reason of a repeated notification. `{name}`: the person who caused it. */
  again: {
    lapsed: '{name} had this alert; nobody has it now.',
    reopened: '{name} said that it is fixed.',
    assigned: 'Assigned by {name}.',
    awake: '{name} muted this alert until now.',
    maintained: 'The maintenance is over; the fault is still there.',
  } satisfies Record<RepeatReason, string>,
  /** The same, addressed to that person. */
  againOwn: { lapsed: 'You had it; nobody has it now.', reopened: 'You said that it is fixed.', awake: 'You muted this alert until now.' },
  /** Sentences of a notification. */
  message: {
    over: 'Already over',
    oneMore: 'One more',
    severalMore: '{n} more',
    /** Status lines below a sent notification: the new owner, or the assignment. */
    onIt: '✔ {name}: I am on it',
    asked: '{name} assigned it to {to}',
    stillThere: 'Still there',
    comesLate: 'Late message',
    since: 'Since {from}.',
    between: 'From {from} to {to}.',
    flapping: 'It comes and goes.',
    todo: 'To do: {action}',
    also: 'Also: {list}',
    others: 'and {n} more',
    /** Group incident: offline PCs and their number; at its end those still open. */
    manyPcs: '{down} of {of} PCs: {list}',
    manySites: '{down} of {of} sites: {list}',
    manyRooms: '{down} rooms: {list}',
    left: 'Not over yet for these; each one that stays is reported separately: {list}',
    why: 'Why: {reason}.',
    beside: 'not known; another PC of the site answers',
    thought: 'At first it looked like: {cause}.',
    restOpen: 'The rest is still open.',
    stillOpen: 'Still open: {list}.',
    isOver: 'This is over.',
    roomWell: 'No fault is left in the room. Nothing more to do.',
    allWell: 'It is over for all of them. Nothing more to do.',
    alreadyOver: 'It is already over. Nothing to do.',
    /** Maintenance: its start, its end, and what follows. */
    begun: 'Begun',
    ended: 'Over',
    maintained: 'Faults that are still here are reported separately.',
    counted: '{n} more changes in this hour were only counted.',
    phone: 'Call the room: {text}',
    contact: 'Office contact: {text}',
    wayIn: 'How to get in: {text}',
    spare: 'Take with you: {text}',
    lineOf: 'Line: {text}',
    before: 'Earlier here: {list}',
    /** Reason of a notification to a further recipient. */
    gaveBack: '{name} cannot go ({time}). Nobody has this alert now.',
    untaken: 'Sent to {names} at {time}; nobody has taken it.',
    incident: 'Incident {n}',
    digest: '{n} alerts of the night',
    stillStands: 'Still open this morning:',
    late: 'Late alerts: {n}',
    wasAway: 'For a while no message could be delivered here:',
    atOnce: '{n} alerts at once',
    auditHead: 'Audit of {date}: row {row}, {hash}',
    meeting: 'Meeting at {time}.',
    tap: 'Answer with one tap: {url}',
    /** On the button of a mail, and before the address of the wall. */
    reply: 'Answer: I am going, I am here …',
    onWall: 'See it in Sabha (sign-in needed): {url}',
  },
  answer: {
    seen: 'Seen',
    going: 'I am going',
    fixed: 'It is fixed',
    'not-mine': 'Not mine',
    /** The same answer by the owner. */
    cannotGo: 'I cannot go',
    takeOver: 'I take it over',
    here: 'I am here: check now',
    checkAgain: 'Check again',
    /** Effect of two of the answers. */
    meansSeen: 'others are still notified.',
    meansGoing: 'nobody else is notified.',
    sending: 'Sending…',
    unsent: 'Not sent: no connection. Tap again when there is one.',
    away: 'The server does not answer at the moment. Your answer was not sent.',
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
    well: 'Works again since {time}. You need not wait: you get a message when it is over.',
    over: 'Over since {time}.',
    checking: 'The room is being checked. The result appears here.',
    checked: 'Checked at {time}. Still there: {what}.',
    noAnswer: 'Checked at {time}: the PC does not answer. See whether the PC is on and its network cable is plugged in. Then check again.',
    notReached: 'The room cannot be checked at the moment.',
    saidSeen: '{name} has seen it ({time})',
    saidGoing: '{name} is going ({time})',
    saidFixed: '{name} says it is fixed ({time})',
    saidNotMine: '{name}: not mine, the next person is notified ({time})',
    saidHere: '{name} is there ({time})',
    takeOverAsk: 'Do you take it over?',
    used: 'You already gave this answer with this link.',
    late: 'This link is older than a day. Open the newest message.',
    wrong: 'This link is not valid, or a part of it is missing. Open it again from the message.',
    stranger: 'This link belongs to a person who no longer receives alerts.',
    missing: 'This alert is no longer stored.',
    busy: 'Too many attempts. Wait {n} s.',
    back: 'Back to the alert',
    said: 'Answers so far',
  },
  /** SMS texts around the title of a fault, `{title}`. They fit into two segments. */
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
  /** Notifications of the server without an incident. */
  direct: {
    commit_failed: 'The ledger cannot be written',
    commit_slow: 'No data written to the ledger for more than 5 s',
    disk_full: 'The disk of the server is full',
    stage_broke: 'A part of the alert service stopped',
    unknown_for_a_day: 'Checks without a result for a day',
    channel_test: 'Test message',
    shift_taken: 'Somebody has taken over your shift',
    announcement: 'A notice for you',
    not_mine: 'Somebody answered "not mine", and nobody else is left to notify',
  },
  directAction: {
    commit_failed: 'Check the disk of the server. Read the log of flows.',
    commit_slow: 'Check whether the disk of the server is slow or does not respond. No alert is stored until the disk writes again.',
    disk_full: 'Free some disk space on the server. No alert is stored until then.',
    stage_broke: 'Read the log of flows on the server. No alert is lost; some may come late.',
    unknown_for_a_day: 'Call the offices in the list. Ask whether the PC is on and somebody is signed in.',
    channel_test: 'Nothing to do. This test shows that messages reach you.',
    shift_taken: 'Nothing to do. Until the shift ends, messages go to the person named here.',
    announcement: 'Read this notice. If there is a link below, tap it afterwards to confirm.',
    not_mine: 'Find a technician for the room that is named.',
  },
  /** Reply to a sender whose address is not in the roster. */
  sender: { stranger: 'Not in the roster of Sabha' },
  announce: { read: 'I have read it', thanks: 'Thank you. It is noted that you have read this.', gone: 'This notice is no longer stored.' },
  /** Recipients of a step of an incident, or why there are none: the sentence of `explain` and of the wall. */
  why: {
    told: 'Notified: {list}.',
    nobody: 'Nobody was notified: {why}.',
    onItsWay: 'Nobody was notified yet: the message is on its way.',
    grew: '{n} more sites stopped answering.',
  },
  /** Result of a step, as the server and the default tabs write it. Any other conclusion is shown unchanged. */
  conclusion: {
    'over before anybody was told': 'it ended before a message was sent',
    'nobody had been told': 'nobody was notified when it began',
    'not told: nobody knew of it': 'nobody was notified when it began',
    'not told: info only': 'it is only for information',
    'explained by a greater fault': 'a greater fault causes it',
    'already told': 'they already know about it',
    'something worse stands by now': 'a worse fault is open now',
    'told once more': 'it was sent together with a later change',
    'held back: quiet': 'it waits: somebody muted it, or maintenance is going on',
    'held back: enough was told in this hour': 'it waits: this place already had many messages in this hour',
    'counted: enough was told in this hour': 'this place already had many messages in that hour, so it was only counted',
    'counted: its PC is noisy': 'its PC sends too many alerts, so it was only counted',
    'waits for the morning': 'it waits for the morning',
    'waits for the opening of the office': 'it waits until the office opens',
    'on hold': 'it has to last for a while first',
    'on hold (thin link)': 'it has to last for a while first',
    'default route: central told': 'the tabs did not finish, so the central team was notified',
  },
  supply: { mains: 'on mains', battery: 'on battery' },
  /** Filled by the channels: each brings its own name, in `flows/notify/people/channels/`. */
  channel: {},
  /** Names of components, or of a part of one as `component.device`. */
  component: componentNames('en'),
  /** Sections of the path from a PC to the server. */
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
  /** Action for an unknown check result. */
  nextStep: {
    connect: 'Enrol this PC with a code from the central team.',
    configure: 'Start the agent of this PC{start}: the server then sends what this room should have.',
    session: 'Sign in at this PC and open its room card: it shows what this check cannot see.',
    install: 'Ask the person who looks after this PC to install it.',
    again: 'Check again in two minutes. If it stays like this, report this text to the central team.',
  },
  unit: { seconds: '{n} s', minutes: '{n} min', hours: '{n} h', days: '{n} d', metres: '{n} m' },
};

/** Keys that each language must have. */
export type Vocabulary = { readonly [G in keyof typeof en]: Readonly<Record<keyof (typeof en)[G], string>> };

/** Date format of a language, always with Latin digits, and the length of its month names. */
export type Dates = { locale: string; month: 'short' | 'long' };

/** A further language of notifications: all its texts in one file. */
export type NotificationOnlyTexts = {
  dates: Dates;
  names: Language;
  /** A missing component name comes from the language of `names`. */
  vocabulary: Omit<Vocabulary, 'component'> & { readonly component: Readonly<Partial<Vocabulary['component']>> };
  titles: Readonly<Partial<Record<FaultId, string>>>;
  /** At most three steps, one per sentence. */
  actions: Readonly<Partial<Record<FaultId, string>>>;
  /** Reasons by their pattern in `reasons.ts`. */
  reasons: Readonly<Record<string, string>>;
};
