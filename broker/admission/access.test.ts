import { agentFilters, canaryTopic, downLeaves, pcTopic, upLeaves } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { type Action, checkAccess, type Principal } from './access.ts';

const own = 'sabha/v1/ladakh/leh/pc-1';
const other = 'sabha/v1/ladakh/leh/pc-11';
const pc: Principal = { kind: 'pc', pc: 'ladakh/leh/pc-1' };
const flows: Principal = { kind: 'flows' };
const exporter: Principal = { kind: 'exporter' };
const actions: Action[] = ['publish', 'will', 'subscribe', 'forward'];

const up = ['presence', 'state', 'beat', 'inventory', 'event', 'backlog'];
const down = ['ack', 'cmd', 'config'];
const under = (base: string, leaves: string[]) => leaves.map((leaf) => `${base}/${leaf}`);
const ownScopes = ['sabha/v1/all', 'sabha/v1/ladakh/all', 'sabha/v1/ladakh/leh/all'].flatMap((scope) => under(scope, ['hello', 'cmd']));
const otherScopes = ['sabha/v1/kerala/all', 'sabha/v1/ladakh/kargil/all'].flatMap((scope) => under(scope, ['hello', 'cmd']));
const anyPc = up.map((leaf) => `sabha/v1/+/+/+/${leaf}`);
const odd = [
  '#',
  '+',
  '+/#',
  'sabha/#',
  'sabha/v1/#',
  'sabha/v1/+/+/+/+',
  'sabha/v1/+/+/+/ack',
  'sabha/v1/ladakh/leh/+/beat',
  'sabha/v1/ladakh/leh/+/cmd',
  'sabha/v1/all/beat',
  'sabha/v1/ladakh/leh/all/config',
  `${own}/#`,
  `${own}/+`,
  `${own}/`,
  own,
  `${own}/ack/more`,
  `${own}/ACK`,
  `${own}/__proto__`,
  'sabha/v1/ladakh/leh/PC-1/beat',
  `${own}\u0000/beat`,
  `$share/group/${own}/ack`,
  `$share/group/sabha/v1/+/+/+/beat`,
  '$SYS/#',
  '/',
  '',
];
const topics = [
  ...under(own, [...up, ...down]),
  ...under(other, [...up, ...down]),
  ...ownScopes,
  ...otherScopes,
  ...anyPc,
  canaryTopic,
  ...odd,
];

/** Permitted topics of each principal, written by hand and not computed by the code under test. Everything else must be denied. */
const allowed: [string, Principal, Record<Action, string[]>][] = [
  [
    'pc',
    pc,
    {
      publish: under(own, up),
      will: [`${own}/presence`],
      subscribe: [...under(own, down), ...ownScopes],
      forward: [...under(own, down), ...ownScopes],
    },
  ],
  [
    'flows',
    flows,
    {
      publish: [...under(own, down), ...under(other, down), ...ownScopes, ...otherScopes, canaryTopic],
      will: [],
      subscribe: [...anyPc, canaryTopic],
      forward: [...under(own, up), ...under(other, up), canaryTopic],
    },
  ],
  ['exporter', exporter, { publish: [], will: [], subscribe: ['sabha/v1/+/+/+/beat'], forward: [`${own}/beat`, `${other}/beat`] }],
];

describe.each(allowed)('%s', (_name, principal, table) => {
  test.each(actions)('may %s exactly the topics in the table', (action) => {
    const granted = topics.filter((topic) => checkAccess(principal, action, { topic, qos: 1, retain: false }).allow);
    expect(granted.toSorted()).toEqual(table[action].toSorted());
  });

  test.each(actions)('may %s no retained message and no message with QoS 2', (action) => {
    for (const topic of topics) {
      expect(checkAccess(principal, action, { topic, qos: 0, retain: true })).toEqual({ allow: false, reason: 'retain' });
      expect(checkAccess(principal, action, { topic, qos: 2, retain: false })).toEqual({ allow: false, reason: 'qos' });
    }
  });
});

test('S3, S4 in a nation of 736 sites each PC can use its own topics and no topic of another PC', () => {
  const pcs = Array.from({ length: 736 }, (_, n) => `state-${n % 36}/site-${n}/pc-1`);
  let leaks = 0;
  for (const [n, mine] of pcs.entries()) {
    const me: Principal = { kind: 'pc', pc: mine };
    const ask = (action: Action, topic: string) => checkAccess(me, action, { topic, qos: 1, retain: false }).allow;
    const foreign = [pcs[(n + 1) % 736] ?? '', pcs[(n + 36) % 736] ?? '', mine.replace('pc-1', 'pc-2'), `${mine}1`];
    for (const theirs of foreign) {
      for (const leaf of [...upLeaves, ...downLeaves]) leaks += actions.filter((action) => ask(action, pcTopic(theirs, leaf))).length;
    }
    expect(agentFilters(mine).every((filter) => ask('subscribe', filter) && ask('forward', filter))).toBe(true);
    expect(upLeaves.every((leaf) => ask('publish', pcTopic(mine, leaf)))).toBe(true);
  }
  expect(leaks).toBe(0);
});
