/**
 * Tests F24 with the messages that an earlier agent and an earlier server exchanged (`test/fixtures/talk.jsonl`, never edited). This server
 * accepts the messages of that agent, and this agent reads the messages of that server.
 */
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ack, command, configuration, decode, encode, type MessageName, openSigned, parseTopic, upLeaves } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { rowsOf } from './rows.ts';
import { auditOf, eventsOf, minute, second, transitionsOf } from './scene.ts';
import { createWorld } from './world.ts';

type Line = { at: number; topic: string; payload: string };
type Message = Line & { leaf: MessageName; isUp: boolean };

const [head = '', ...rest] = readFileSync(join(import.meta.dirname, '../fixtures/talk.jsonl'), 'utf8')
  .trim()
  .split('\n');
const { key } = JSON.parse(head) as { key: string };
const messages = rest.map((line) => messageOf(JSON.parse(line)));

function messageOf(line: Line): Message {
  const topic = parseTopic(line.topic);
  if (topic === undefined || topic.kind === 'hearing') throw new Error(`no topic of a talk: ${line.topic}`);
  const leaf = topic.kind === 'pc' ? topic.leaf : topic.word;
  return { ...line, leaf, isUp: upLeaves.some((one) => one === leaf) };
}

test('the recorded exchange has every kind of message', () => {
  const kinds = ['ack', 'backlog', 'beat', 'cmd', 'config', 'event', 'hello', 'inventory', 'presence', 'state'];
  expect([...new Set(messages.map(({ leaf }) => leaf))].sort()).toEqual(kinds);
});

test('F24 each recorded message can be read and keeps every field', () => {
  for (const { leaf, payload } of messages) {
    const read = decode(leaf, Buffer.from(payload));
    if (!read.ok) throw new Error(`${leaf}: ${read.reason}: ${payload}`);
    expect(JSON.parse(encode(leaf, read.value).toString())).toMatchObject(JSON.parse(payload));
  }
});

test('F24 the signatures of the earlier server are accepted', () => {
  const proven = messages.flatMap(({ leaf, payload }) => {
    if (leaf !== 'config' && leaf !== 'cmd') return [];
    const sealed = JSON.parse(payload) as { signed: string; signature: string };
    const opened = openSigned<typeof command | typeof configuration>(
      leaf === 'cmd' ? command : configuration,
      sealed,
      createPublicKey(key),
    );
    expect(opened).toMatchObject({ ok: true, value: JSON.parse(sealed.signed) });
    return [leaf];
  });
  expect(new Set(proven)).toEqual(new Set(['config', 'cmd']));
});

test('F24 this server applies each event of the earlier agent once, raises and clears its incident, and acknowledges it', async () => {
  const said = messages.filter(({ isUp }) => isUp);
  const world = createWorld({ seed: 9, pcs: 1 });
  const acks: Ack[] = [];
  world.broker.intercept((topic, payload) => {
    const read = topic.endsWith('/ack') ? decode('ack', payload) : undefined;
    if (read?.ok) acks.push(read.value);
    return false;
  });
  world.centre.start();
  // In the recording the server also started before the agent.
  for (const { at, topic, payload } of said) world.time.at(at + second, () => world.centre.centre()?.take(topic, Buffer.from(payload)));
  await world.pass((said.at(-1)?.at ?? 0) + 15 * minute);

  const events = new Set(
    said
      .flatMap(({ leaf, payload }) => (leaf === 'event' ? [JSON.parse(payload)] : leaf === 'backlog' ? JSON.parse(payload) : []))
      .map((one: { seq: number }) => one.seq),
  );
  expect(eventsOf(world).map(({ seq }) => seq)).toEqual([...events].sort((a, b) => a - b));
  expect(await auditOf(world)).toMatchObject({ gaps: 0, twice: 0, forks: 0 });
  expect(Math.max(...acks.map(({ upTo }) => upTo))).toBe(Math.max(...events));
  const microphone = rowsOf(world).incidents.find(({ faults }) => faults.some(({ fault }) => fault === 'microphone.missing'));
  expect(microphone).toMatchObject({ scope: 'ladakh/leh/pc-1', over: 'cleared' });
  expect(
    transitionsOf(world, 'ladakh/leh/pc-1')
      .slice(0, 2)
      .map((one) => one.split(':')[0]),
  ).toEqual(['raised', 'cleared']);
  expect(
    rowsOf(world)
      .incidents.flatMap(({ faults }) => faults)
      .filter(({ fault }) => fault.startsWith('centre.')),
  ).toEqual([]);
});
