import { describe, expect, test } from 'vitest';
import { type Random, randomFrom } from '../../../test/random.ts';
import {
  agentFilters,
  canaryTopic,
  downLeaves,
  exporterFilters,
  flowsFilters,
  nameOf,
  parseTopic,
  pathOfName,
  pcTopic,
  scopeMessages,
  scopesOf,
  scopeTopic,
  type Topic,
  upLeaves,
} from './topics.ts';

const leaves = [...upLeaves, ...downLeaves];

describe('building and parsing of topics are inverse', () => {
  test('parseTopic reads any topic built by pcTopic', () => {
    const random = randomFrom(1);
    for (let round = 0; round < 2_000; round++) {
      const pc = somePath(random);
      const leaf = random.pick(leaves);
      expect(parseTopic(pcTopic(pc, leaf))).toEqual({ kind: 'pc', pc, leaf });
    }
  });

  test('parseTopic reads any topic built by scopeTopic', () => {
    const random = randomFrom(2);
    for (let round = 0; round < 2_000; round++) {
      const scope = random.pick(scopesOf(somePath(random)));
      const word = random.pick(scopeMessages);
      expect(parseTopic(scopeTopic(scope, word))).toEqual({ kind: 'scope', scope, word });
    }
  });

  test('nameOf and pathOfName are inverse, and a name contains no slash', () => {
    const random = randomFrom(3);
    for (let round = 0; round < 2_000; round++) {
      const pc = somePath(random);
      expect(nameOf(pc)).not.toContain('/');
      expect(pathOfName(nameOf(pc))).toBe(pc);
    }
  });

  test('random text is parsed only if it equals the topic built from its parts', () => {
    const random = randomFrom(4);
    const pieces = [
      'sabha',
      'v1',
      'all',
      'kerala',
      'office-1',
      'pc',
      '',
      '+',
      '#',
      '$SYS',
      'presence',
      'ack',
      'hello',
      'cmd',
      'A',
      'x'.repeat(33),
    ];
    let read = 0;
    for (let round = 0; round < 20_000; round++) {
      const length = 1 + random.below(6);
      const tail = Array.from({ length }, () => random.pick(pieces)).join('/');
      const topic = random.next() < 0.8 ? `sabha/v1/${tail}` : tail;
      const parsed = parseTopic(topic);
      if (!parsed) continue;
      read++;
      expect(builtOf(parsed)).toBe(topic);
    }
    expect(read).toBeGreaterThan(20);
  });
});

describe('hostile topics are rejected', () => {
  const long = 'a'.repeat(33);
  test.each([
    '',
    'sabha/v1',
    'sabha/v1/',
    'sabha/v2/s/o/p/state',
    'sabha/v1/s/o/p/state/',
    'sabha/v1/s/o/p',
    'sabha/v1/+/o/p/state',
    'sabha/v1/s/o/all/state',
    'sabha/v1/all/all/all/hello',
    'sabha/v1/s/all/hello/hello',
    'sabha/v1/centre/hearing/more',
    'sabha/v1/s//p/state',
    'sabha/v1/S/o/p/state',
    'sabha/v1/s/o/p\n/state',
    'sabha/v1/s/o/कमरा/state',
    `sabha/v1/${long}/o/p/state`,
    'sabha/v1/s/o/p/__proto__',
  ])('%j', (topic) => {
    expect(parseTopic(topic)).toBeUndefined();
  });

  test.each(['', 'a.b', 'a.b.c.d', 'a/b/c', 'a/b.c', 'a.b/c', 'a.b.all', 'a..c', 'A.b.c', 'a.b.c\n'])(
    '%j is not the name of a PC',
    (name) => {
      expect(pathOfName(name)).toBeUndefined();
    },
  );
});

test('an agent has exactly these nine subscriptions, none with a wildcard', () => {
  expect(agentFilters('ladakh/leh/hall')).toEqual([
    'sabha/v1/ladakh/leh/hall/ack',
    'sabha/v1/ladakh/leh/hall/cmd',
    'sabha/v1/ladakh/leh/hall/config',
    'sabha/v1/all/hello',
    'sabha/v1/all/cmd',
    'sabha/v1/ladakh/all/hello',
    'sabha/v1/ladakh/all/cmd',
    'sabha/v1/ladakh/leh/all/hello',
    'sabha/v1/ladakh/leh/all/cmd',
  ]);
});

test('flows subscribes to every leaf that PCs publish and to no other, and the exporter only to beats', () => {
  expect(flowsFilters).toEqual(['presence', 'state', 'beat', 'inventory', 'event', 'backlog'].map((leaf) => `sabha/v1/+/+/+/${leaf}`));
  expect(exporterFilters).toEqual(['sabha/v1/+/+/+/beat']);
});

function somePath(random: Random): string {
  return [someId(random), someId(random), someId(random)].join('/');
}

function someId(random: Random): string {
  for (;;) {
    const id = Array.from({ length: 1 + random.below(32) }, () => random.pick([...'abcdefghijklmnopqrstuvwxyz0123456789-'])).join('');
    if (id !== 'all') return id;
  }
}

function builtOf(topic: Topic): string {
  if (topic.kind === 'hearing') return canaryTopic;
  return topic.kind === 'pc' ? pcTopic(topic.pc, topic.leaf) : scopeTopic(topic.scope, topic.word);
}
