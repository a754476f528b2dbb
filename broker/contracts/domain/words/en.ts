/** The words of the domain in English: every other language has the same keys. Titles and actions of faults stand in the catalogue, what machines say in `reasons.ts`. */
import type { LinkClass } from '../links.ts';
import type { OutageCause } from '../outages.ts';
import type { Readiness, SiteStage } from '../sites.ts';
import type { Presence, Severity, Status, TransitionKind } from '../states.ts';
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
    replaced: 'the PC was replaced',
    'moved to': 'the PC was moved to',
  },
  status: { ok: 'works', fault: 'fault', unknown: 'unknown' } satisfies Record<Status, string>,
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
    'quiet-day': '24 hours without a fault',
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
    unknown: 'capacity not known',
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
    seen: '{rate} (seen for {kB} kB)',
    free: 'Free, as seen by this PC',
  },
  outage: {
    intended: 'switched off in order',
    'power-cut': 'power cut',
    'link-down': 'link down',
    upstream: 'line of the state or provider down',
    crash: 'PC crashed',
    'pc-off': 'this PC alone is away',
    undetermined: 'site not reachable, cause not known yet',
  } satisfies Record<OutageCause, string>,
  sureness: { sure: '{cause}, sure', likely: '{cause}, likely', open: 'not known, perhaps {cause}' },
  supply: { mains: 'on mains', battery: 'on battery' },
  /** The place of the channels: each brings its own word, in `flows/people/channels/`. */
  channel: {},
  /** What a check is about: a component, or `component.device` where a part of it has a word of its own. */
  component: {
    camera: 'Camera',
    microphone: 'Microphone',
    session: 'Sign-in',
    sound: 'Sound of the PC',
    speaker: 'Speaker',
    usb: 'USB',
    'usb.power': 'Power saving of USB',
    display: 'Display',
    program: 'Program',
    pc: 'PC',
    'pc.processor': 'Processor',
    'pc.memory': 'Memory',
    'pc.disk': 'Disk',
    'pc.temperature': 'Temperature',
    'pc.restart': 'Restart of the PC',
    'pc.speed': 'Speed of the processor',
    'pc.health': 'Health of the disk',
    'pc.start': 'Last start of the PC',
    'pc.sleep': 'Sleep of the PC',
    clock: 'Clock',
    agent: 'Agent',
    'agent.checks': 'Checks of the agent',
    'agent.history': 'Record of the agent',
    'agent.certificate': 'Certificate of the agent',
    link: 'Link',
    'link.loss': 'Link, packets',
    'link.jitter': 'Link, evenness',
    'link.delay': 'Link, answer time',
    'link.tier': 'Link, what it carries',
    'link.udp': 'Link, UDP',
    'link.budget': 'Link, data of this month',
    path: 'Way to the centre',
    bridge: 'Audio bridge',
    outage: 'Outage of many',
    power: 'Power',
    'power.mains': 'Mains',
    'power.battery': 'Battery',
    'power.ups': 'UPS',
    climate: 'Room and cooling',
    'climate.room': 'Room',
    'climate.air': 'Air of the room',
    'climate.board': 'Inside of the PC',
    'climate.battery': 'Charging of the battery',
    'climate.rise': 'Warmth against the usual',
    presence: 'Connection',
  },
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
    configure: 'Connect this PC to the centre once: it then learns what this room should have.',
    install: 'Ask whoever looks after this PC to install it.',
    again: 'Check again in two minutes. If it stays, tell the central team what is said here.',
  },
  unit: { seconds: '{n} s', minutes: '{n} min', hours: '{n} h', days: '{n} d', metres: '{n} m' },
};

/** What each language has: every group with a word for each of its keys. */
export type Vocabulary = { readonly [G in keyof typeof en]: Readonly<Record<keyof (typeof en)[G], string>> };
