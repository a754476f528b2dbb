/**
 * F24: what an agent and a centre of before said to each other in a world of their time (`test/fixtures/talks/`, by the version of the centre's ledger), byte
 * for byte: this centre takes what that agent said, and this agent reads what that centre said. What stands there is never edited.
 */
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Ack, command, configuration, decode, encode, type MessageName, openSigned, parseTopic, upLeaves } from '#contracts';
import { goldenVersions, talkFile } from './golden-files.ts';
import { rowsOf } from './rows.ts';
import { auditOf, eventsOf, minute, second, transitionsOf } from './scene.ts';
import { createWorld } from './world.ts';

type Line = { at: number; topic: string; payload: string };
type Message = Line & { leaf: MessageName; isUp: boolean };

const talks = goldenVersions('talks');

/** Its messages, and the key by which that centre signed; null where it did not sign yet. */
function talk(version: number): { key: string | null; messages: Message[] } {
  const [first = '', ...rest] = readFileSync(talkFile(version), 'utf8').trim().split('\n');
  return { key: (JSON.parse(first) as { key: string | null }).key, messages: rest.map((line) => messageOf(JSON.parse(line))) };
}

function messageOf(line: Line): Message {
  const topic = parseTopic(line.topic);
  if (topic === undefined || topic.kind === 'hearing') throw new Error(`no topic of a talk: ${line.topic}`);
  const leaf = topic.kind === 'pc' ? topic.leaf : topic.word;
  return { ...line, leaf, isUp: upLeaves.some((one) => one === leaf) };
}

const signed = talks.filter((version) => talk(version).key !== null);

test('there is more than one, and each has every kind of message', () => {
  expect(talks.length).toBeGreaterThan(3);
  for (const version of talks) {
    const { key, messages } = talk(version);
    const kinds = [
      'ack',
      'backlog',
      'beat',
      'config',
      'event',
      'hello',
      'inventory',
      'presence',
      'state',
      ...(key === null ? [] : ['cmd']),
    ];
    expect([...new Set(messages.map(({ leaf }) => leaf))].sort(), `${version}`).toEqual(kinds.sort());
  }
});

test.each(talks)('F24 version %i: each message is read, and keeps every field that it had', (version) => {
  const { key, messages } = talk(version);
  for (const { leaf, payload } of messages) {
    const read = decode(leaf, Buffer.from(payload));
    // Before the centre signed what it orders, an agent took it from anybody: this one takes it from nobody.
    if (key === null && leaf === 'config') expect(read.ok).toBe(false);
    else if (!read.ok) throw new Error(`${leaf}: ${read.reason}: ${payload}`);
    else expect(JSON.parse(encode(leaf, read.value).toString())).toMatchObject(JSON.parse(payload));
  }
});

test.each(signed)('F24 version %i: what that centre signed is proven, and is what it ordered', (version) => {
  const { key, messages } = talk(version);
  const proven = messages.flatMap(({ leaf, payload }) => {
    if (leaf !== 'config' && leaf !== 'cmd') return [];
    const sealed = JSON.parse(payload) as { signed: string; signature: string };
    const opened = openSigned<typeof command | typeof configuration>(
      leaf === 'cmd' ? command : configuration,
      sealed,
      createPublicKey(key ?? ''),
    );
    expect(opened).toMatchObject({ ok: true, value: JSON.parse(sealed.signed) });
    return [leaf];
  });
  expect(new Set(proven)).toEqual(new Set(['config', 'cmd']));
});

test.each(talks)(
  'F24 version %i: this centre takes all that agent said: each event once, the alert and its end, and acknowledges it',
  async (version) => {
    const said = talk(version).messages.filter(({ isUp }) => isUp);
    const world = createWorld({ seed: 9, pcs: 1 });
    const acks: Ack[] = [];
    world.broker.intercept((topic, payload) => {
      const read = topic.endsWith('/ack') ? decode('ack', payload) : undefined;
      if (read?.ok) acks.push(read.value);
      return false;
    });
    world.centre.start();
    // Its centre was up a moment before it too.
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
  },
);
