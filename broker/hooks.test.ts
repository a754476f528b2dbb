import { encode, hashToken, pcTopic } from '@sabha/contracts';
import type { Client, ConnectPacket, PublishPacket } from 'aedes';
import { expect, test } from 'vitest';
import { createAdmission, createSessions } from './admission/admission.ts';
import { createHooks } from './hooks.ts';

const own = 'ladakh/leh/pc-1';
const other = 'ladakh/leh/pc-2';

test('a message is forwarded only to its addressee, whatever a client subscribed to', () => {
  const { forwarded } = setUp();
  expect(forwarded(pcTopic(own, 'ack'))).toBe(true);
  expect(forwarded(pcTopic(other, 'ack'))).toBe(false);
  expect(forwarded(pcTopic(own, 'state'))).toBe(false);
});

test('a denied publish gets no error response, and its content is neither forwarded nor stored', () => {
  const { hooks, client, refused } = setUp();
  const packet: PublishPacket = { cmd: 'publish', topic: pcTopic(other, 'state'), payload: 'x', qos: 1, retain: true, dup: false };
  let answer: Error | null | undefined;
  hooks.authorizePublish(client, packet, (error) => {
    answer = error;
  });
  expect(answer).toBeNull();
  expect(packet).toMatchObject({ topic: '$refused', payload: Buffer.alloc(0), retain: false });
  expect(refused).toEqual(['publish retain']);
});

test('a boot counts as active after an admitted presence message, but not after another message, a refused one or its last will', () => {
  const { hooks, client, spoken } = setUp();
  const will = {
    topic: pcTopic(own, 'presence'),
    payload: encode('presence', { kind: 'lost', boot: 'b-1', session: 1 }),
    qos: 1,
    retain: false,
  };
  hooks.preConnect(client, { username: client.id, will } as unknown as ConnectPacket, () => {});
  const say = (topic: string) =>
    hooks.authorizePublish(client, { cmd: 'publish', topic, payload: Buffer.from('x'), qos: 1, retain: false, dup: false }, () => {});
  say(pcTopic(own, 'state'));
  say(pcTopic(other, 'presence'));
  expect(spoken).toEqual([]);
  say(pcTopic(own, 'presence'));
  expect(spoken).toEqual([`${client.id} b-1`]);
  Object.assign(client, { closed: true });
  say(pcTopic(own, 'presence'));
  expect(spoken).toHaveLength(1);
});

function setUp() {
  const secrets = { flows: hashToken('f'), exporter: hashToken('e') };
  const sessions = createSessions();
  const refused: string[] = [];
  const spoken: string[] = [];
  const hooks = createHooks({
    admission: createAdmission(secrets),
    sessions,
    clones: { isClone: () => false, recordPresence: (name, boot) => spoken.push(`${name} ${boot}`) },
    refuse: ({ action, reason }) => refused.push(`${action} ${reason}`),
    pace: { inTurn: (_client, _who, go) => go() },
    onMessage() {},
  });
  const client = { id: 'ladakh.leh.pc-1', closed: false, close() {} } as Client;
  sessions.open(client, { ok: true, principal: { kind: 'pc', pc: own }, name: client.id, admittedBy: { tokenHash: '' } });
  const forwarded = (topic: string) => {
    const packet = {
      cmd: 'publish' as const,
      topic,
      payload: '',
      qos: 1 as const,
      retain: false,
      dup: false,
      brokerId: '',
      brokerCounter: 1,
    };
    return hooks.authorizeForward(client, packet) === packet;
  };
  return { hooks, client, sessions, refused, spoken, forwarded };
}
