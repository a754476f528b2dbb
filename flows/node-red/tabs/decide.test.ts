import type { Severity } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OfferMessage, TabAct } from '../../engine/records/incidents.ts';
import { asleep, type Conclusion, type Live, now, startLive, type TabsRun, tabsDir, wireMessage } from '../tabs.test-helper.ts';
import { type FlowNode, readTabs } from '../tabs-storage.ts';

const minute = 60_000;
let live: Live;

beforeAll(async () => {
  live = await startLive();
});
afterAll(() => live.stop());

test('a new fault waits for its hold time, and nobody is notified yet', async () => {
  const end = await one(wireMessage({ holdMs: 20_000 }));
  expect(end?.how).toBe('on hold');
  expect(end?.message.acts).toEqual([wait('faults-hold', 20_000, { unlessAcknowledged: false, holdMs: 20_000, to: [] })]);
});

test.each<[Severity, TabAct[], string]>([
  ['critical', [wait('escalate-15-min', 15 * minute)], 'told; the next level follows unless acknowledged'],
  ['major', [wait('escalate-60-min', 60 * minute, { severity: 'major' })], 'told; the next level follows unless acknowledged'],
  ['minor', [], 'told'],
])(
  'after its hold a %s fault is reported to the technician on all channels, and the escalation timer is set',
  async (severity, waits, how) => {
    const end = await one(wireMessage({ severity }), 'faults-hold');
    expect(end).toMatchObject({ how, message: { acts: [...told(['technician'], severity), ...waits] } });
  },
);

test('R22 a fault below critical waits for at least a minute at a site at high elevation or with a thin link', async () => {
  const places: Partial<OfferMessage['incident']>[] = [{ elevationM: 3500 }, { elevationM: 2500 }, { link: 'geo' }, { link: 'floor' }];
  for (const place of places) {
    const [major, longer, critical] = await live.offer([
      { message: wireMessage({ severity: 'major', holdMs: 20_000 }, place) },
      { message: wireMessage({ severity: 'minor', holdMs: 90_000 }, place) },
      { message: wireMessage({ holdMs: 20_000 }, place) },
    ]);
    expect(major?.message.acts).toEqual([
      wait('thin-hold', minute, { unlessAcknowledged: false, severity: 'major', holdMs: minute, to: [] }),
    ]);
    expect(longer?.message.acts).toMatchObject([{ node: 'thin-hold', dueAt: now + 90_000 }]);
    expect(critical?.message.acts).toMatchObject([{ node: 'thin-hold', dueAt: now + 20_000 }]);
  }
  const due = await one(wireMessage({ severity: 'minor' }, { link: 'geo' }), 'thin-hold');
  expect(due?.message.acts).toEqual(told(['technician'], 'minor'));
});

const lehPlace = { elevationM: 3_524, link: 'geo' } as const;
const held = async (message: Partial<OfferMessage>, place: Partial<OfferMessage['incident']> = lehPlace) => {
  const [fault = ''] = message.faults ?? [];
  return (await one(wireMessage({ fault, severity: 'minor', ...message }, place)))?.message.acts;
};

test.each<[string, Severity, string]>([
  ['link.loss_high', 'major', 'geo'],
  ['link.tier_low', 'major', 'floor'],
  ['path.gateway', 'critical', 'geo'],
])(
  'R22 the fault %s (%s) on the link %s waits for 15 minutes, or longer if the hold of the fault is longer',
  async (fault, severity, link) => {
    const place = { link: link as 'geo', elevationM: 200 };
    const acts = (holdMs: number) => held({ faults: [fault], severity, holdMs }, place);
    expect(await acts(20_000)).toMatchObject([{ node: 'thin-hold', dueAt: now + 15 * minute, message: { holdMs: 15 * minute } }]);
    expect(await acts(30 * minute)).toMatchObject([{ dueAt: now + 30 * minute }]);
    const high = await held({ faults: [fault], severity: 'major', holdMs: 20_000 }, { link: 'fibre', elevationM: 3_500 });
    expect(high).toMatchObject([{ dueAt: now + minute }]);
  },
);

test('people are notified of a power cut after three minutes, and of an almost empty battery at once', async () => {
  expect(await held({ faults: ['power.on_battery'], severity: 'major', holdMs: 5_000 })).toMatchObject([{ dueAt: now + 3 * minute }]);
  const low = await held({ faults: ['power.battery_low'], severity: 'critical', holdMs: 0 });
  expect(low).toMatchObject([...told(['technician'], 'critical'), { node: 'escalate-15-min' }]);
});

test('R22 people are notified of a silent PC without a hold, also on a thin link', async () => {
  const end = await one(wireMessage({ fault: 'pc.silent', holdMs: 99_000 }, { link: 'geo' }));
  expect(end?.message.acts).toEqual([...told(['technician'], 'critical'), wait('escalate-15-min', 15 * minute, { holdMs: 99_000 })]);
});

test('central operations are notified of a fault of the server at once and without escalation', async () => {
  for (const scope of ['centre', 'centre/unheard']) {
    const end = await one(wireMessage({ fault: 'centre.broker_lost', holdMs: 99_000 }, { scope, site: '', state: '' }));
    expect(end).toMatchObject({ how: 'told', message: { acts: told(['central'], 'critical') } });
  }
  const state = await one(wireMessage({ fault: 'camera.missing' }, { scope: 'centre/a-site/a-pc' }));
  expect(state?.how).toBe('on hold');
});

test.each<[string, Partial<OfferMessage['incident']>, string]>([
  ['outage.state', { scope: 'state:bihar', state: 'bihar', site: '', cause: { kind: 'state', down: 8, of: 20 } }, 'state'],
  ['outage.provider', { scope: 'provider:Jio', state: 'bihar', site: '', cause: { kind: 'provider', down: 4, of: 9 } }, 'state'],
  ['outage.provider', { scope: 'provider:Jio', state: '', site: '', cause: { kind: 'provider', down: 12, of: 12 } }, 'central'],
  ['outage.nation', { scope: 'nation', state: '', site: '', cause: { kind: 'nation', down: 300, of: 736 } }, 'central'],
  ['centre.plane', { scope: 'centre/plane', state: '', site: '', cause: { kind: 'plane', down: 700, of: 736 } }, 'central'],
  ['centre.spread', { scope: 'spread:camera.missing x', state: '', site: '', cause: { kind: 'spread', down: 60, of: 60 } }, 'central'],
  ['outage.site', { scope: 'site:bihar/patna', cause: { kind: 'site', down: 3, of: 3 } }, 'technician'],
])('the common cause %s of %o is reported to %s at once', async (fault, incident, who) => {
  const end = await one(wireMessage({ fault, faults: [fault], holdMs: 99_000 }, incident));
  expect(end?.message.acts.filter((act) => act.do === 'deliver')).toEqual(told([who], 'critical'));
});

test.each([
  ['centre.unknown_fault', 'its hold', now + 10 * minute],
  ['centre.enrolment_refused', '09:00 of the next day in India', now + 19.5 * 60 * minute],
] as const)('%s waits for %s, and is then reported as minor to central operations only', async (fault, _, dueAt) => {
  const message = wireMessage({ fault, severity: 'minor', holdMs: 10 * minute }, { scope: 'centre', site: '' });
  const acts = [{ node: 'faults-hold', dueAt, message: { to: ['central'] } }];
  expect(await one(message)).toMatchObject({ how: 'on hold', message: { acts } });
  expect((await one({ ...message, to: ['central'] }, 'faults-hold'))?.message.acts).toEqual(told(['central'], 'minor'));
});

test('at night a fault waits for the morning digest, and its escalation is timed from the digest', async () => {
  const due = now + 3_600_000;
  const night = await one(wireMessage({}, { scope: asleep }), 'faults-hold');
  expect(night).toMatchObject({
    how: 'waits for the morning',
    message: { acts: [{ node: 'when-when', dueAt: due, message: { hours: { waits: 'held' } } }] },
  });
  const transition = { id: 1, offer: 1, kind: 'raised', at: now - 7 * 3_600_000 } as const;
  const morning = await one(wireMessage({ transition, hours: { waits: 'held' } }), 'when-when');
  const hours = { countsFrom: now, digest: true } as const;
  const [next] = (morning?.message.acts ?? []).filter((act) => act.do === 'wait');
  expect(morning?.message.acts).toEqual([...told(['technician'], 'critical').map((act) => ({ ...act, hours })), next]);
  expect(next).toMatchObject({ node: 'escalate-15-min', dueAt: now + 15 * minute, message: { hours } });
});

test('eased, cleared and closed notify only the persons who were notified before', async () => {
  for (const kind of ['eased', 'cleared', 'closed'] as const) {
    const transition = { id: 1, offer: 1, kind, at: now };
    const [knew, nobody] = await live.offer([
      { message: wireMessage({ transition }, { told: ['asha', 'ravi'] }) },
      { message: wireMessage({ transition }, { told: [] }) },
    ]);
    expect(knew).toMatchObject({ how: 'told', message: { acts: told(['asha', 'ravi'], 'critical') } });
    expect(nobody).toMatchObject({ how: 'not told: nobody knew of it', message: { acts: [] } });
  }
});

test('an unacknowledged critical fault escalates to the state and then to central operations, a major fault after an hour to central operations', async () => {
  const first = await one(wireMessage({ transition: at(15), to: ['technician'] }), 'escalate-15-min');
  expect(first?.message.acts).toEqual([...told(['state'], 'critical'), wait('escalate-45-min', 30 * minute, { to: ['state'] })]);
  const second = await one(wireMessage({ transition: at(45), to: ['state'] }), 'escalate-45-min');
  expect(second).toMatchObject({ how: 'told', message: { acts: told(['central'], 'critical') } });
  const major = await one(wireMessage({ severity: 'major', transition: at(60), to: ['technician'] }), 'escalate-60-min');
  expect(major).toMatchObject({ how: 'told', message: { acts: told(['central'], 'major') } });
});

const pathOf = (acts: readonly TabAct[]) => acts.map((act) => (act.do === 'wait' ? act.node : act.to.join()));

test.each(['microphone.missing', 'pc.silent', 'outage.site', 'centre.plane'])(
  'R21 a repeated notification of %s goes to its first recipients, and to the next level after that',
  async (fault) => {
    const transition = { id: 1, offer: 1, kind: 'raised', at: now, again: 'lapsed' } as const;
    const message = wireMessage({ fault, faults: [fault], holdMs: 0, to: ['asha'], transition });
    const [first] = await live.offer([{ message }]);
    const [next] = await live.offer([{ message, node: 'escalate-15-min' }]);
    expect(pathOf(first?.message.acts ?? [])).toEqual(['asha', 'asha', 'asha', 'escalate-15-min']);
    expect(pathOf(next?.message.acts ?? [])).toEqual(['state', 'state', 'state', 'escalate-45-min']);
  },
);

test('a rule on a tab overrides severity and recipients of a fault at one site', async () => {
  const muted = wireMessage({ fault: 'microphone.muted', severity: 'major' });
  const before = await one(muted);
  expect(before?.message.severity).toBe('major');
  const changed = tabs().map((node) =>
    node.id === 'faults-site' ? { ...node, rules: [{ t: 'eq', v: 'bihar/patna', vt: 'str' }, { t: 'else' }] } : node,
  );
  await live.deploy(changed);
  const held = await one(muted);
  expect(held?.message.acts).toMatchObject([{ do: 'wait', message: { severity: 'critical', to: ['technician', 'state'] } }]);
  const due = await one({ ...muted, severity: 'critical', to: ['technician', 'state'] }, 'faults-hold');
  expect(due?.message.acts).toEqual([
    ...told(['technician', 'state'], 'critical'),
    wait('escalate-45-min', 45 * minute, { to: ['technician', 'state'] }),
  ]);
  expect((await one({ ...muted, fault: 'camera.held' }))?.message.severity).toBe('major');
});

test('a node that throws on any tab is caught, reported to central operations and named in the conclusion, by all wires of the catch', async () => {
  const rigged = tabs().flatMap(withThrower);
  const throwers = rigged.filter((node) => node.type === 'test-throws');
  expect(throwers.length).toBe(7);
  const runs = throwers.map(
    ({ z }): TabsRun => ({ ...waysTo[String(z)], message: { ...waysTo[String(z)]?.message, topic: String(z) } as OfferMessage }),
  );
  await live.deploy(rigged);
  const ends = await live.offer(runs);
  for (const [at, end] of ends.entries()) {
    expect(end?.how).toBe(`error on the tab: Error: thrown on purpose (${throwers[at]?.id})`);
    expect(end?.message.acts.slice(-3)).toEqual(told(['central'], 'critical'));
  }
  const idle: string[] = [];
  for (const { wire, nodes } of cutsOf(rigged).filter((cut) => /-catch |^watch-|-to-watch /.test(cut.wire))) {
    await live.deploy(nodes);
    if ((await live.offer(runs)).every((end) => end !== undefined)) idle.push(wire);
  }
  expect(idle).toEqual([]);
});

async function one(message: OfferMessage, node?: string): Promise<Conclusion | undefined> {
  const [end] = await live.offer([node === undefined ? { message } : { message, node }]);
  return end;
}

function tabs(): FlowNode[] {
  const read = readTabs(tabsDir);
  if (!read.ok) throw new Error(read.line);
  return read.nodes;
}

function told(to: string[], severity: Severity): TabAct[] {
  return ['own-order', 'webhook', 'console'].map((channel) => ({ do: 'deliver', channel, to, severity }));
}

type WaitFields = { unlessAcknowledged?: boolean; severity?: Severity; holdMs?: number; to?: string[] };

function wait(node: string, forMs: number, fields: WaitFields = {}): TabAct {
  const { unlessAcknowledged = true, severity = 'critical', holdMs = 20_000, to = ['technician'] } = fields;
  return { do: 'wait', node, dueAt: now + forMs, unlessAcknowledged, message: { severity, holdMs, to } };
}

function at(minutesAgo: number): OfferMessage['transition'] {
  return { id: 1, offer: 1, kind: 'raised', at: now - minutesAgo * minute };
}

/** For each tab, a message that passes the node after the first one. */
const waysTo: Record<string, TabsRun> = {
  'tab-faults': { message: wireMessage() },
  'tab-thin': { message: wireMessage({}, { link: 'geo' }) },
  'tab-outages': { message: wireMessage({ fault: 'pc.silent' }) },
  'tab-when': { message: wireMessage({ fault: 'pc.silent' }) },
  'tab-who': { message: wireMessage({ fault: 'pc.silent' }) },
  'tab-escalate': { message: wireMessage({ fault: 'pc.silent' }) },
  'tab-deliver': { message: wireMessage({ fault: 'pc.silent' }) },
};

function withThrower(node: FlowNode): FlowNode[] {
  const entries = ['faults-head', 'thin-in', 'outages-in', 'when-in', 'who-in', 'escalate-in', 'deliver-in'];
  if (!entries.includes(node.id)) return [node];
  const id = `throws-${node.id}`;
  return [
    { ...node, wires: [[id]] },
    { id, type: 'test-throws', z: String(node.z), x: 0, y: 0, wires: node.wires ?? [] },
  ];
}

/** Returns the flows with one wire or link removed, once for each wire and link. */
function cutsOf(nodes: FlowNode[]): { wire: string; nodes: FlowNode[] }[] {
  const wires = nodes.flatMap((node) =>
    (node.wires ?? []).flatMap((port, at) => port.map((to) => ({ wire: `${node.id} ${at} ${to}`, nodes: cut(nodes, node.id, at) }))),
  );
  const links = nodes
    .filter((node) => node.type === 'link out')
    .map(({ id }) => ({ wire: `${id} link`, nodes: nodes.map((node) => withoutLinks(node, id)) }));
  return [...wires, ...links];
}

function cut(nodes: FlowNode[], id: string, port: number): FlowNode[] {
  return nodes.map((node) => (node.id === id ? { ...node, wires: (node.wires ?? []).with(port, []) } : node));
}

function withoutLinks(node: FlowNode, id: string): FlowNode {
  if (node.id === id) return { ...node, links: [] };
  const links = node['links'];
  return node.type === 'link in' && Array.isArray(links) ? { ...node, links: links.filter((from) => from !== id) } : node;
}
