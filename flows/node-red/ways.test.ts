import { realClock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { TabPath } from '../engine/records/incidents.ts';
import { createPathRecorder } from './path-recorder.ts';
import { heldWires, wireMessage } from './tabs.test-helper.ts';
import type { FlowNode } from './tabs-storage.ts';

const tab = (id: string, label: string): FlowNode => ({ id, type: 'tab', label });
const node = (id: string, z: string, change: Partial<FlowNode> = {}): FlowNode => ({ id, type: 'switch', z, name: id, ...change });
const nodes = [
  tab('a', '10 Faults'),
  tab('b', '60 Deliver'),
  node('which site?', 'a'),
  node('link', 'a', { type: 'link out' }),
  node('mail', 'b', { type: 'sabha-deliver', name: '', channel: 'email' }),
];

function setUp() {
  const ways: (TabPath | undefined)[] = [];
  const running = { of: nodes };
  const wires = { ...heldWires().wires, conclude: (_: unknown, __: string, way?: TabPath) => void ways.push(way) };
  const paths = createPathRecorder({ wires, tabs: { running: () => running.of }, clock: realClock() });
  let seen: (id: string, msg: unknown) => void = () => {};
  paths.follow((take) => {
    seen = take;
    return () => {};
  });
  return { ways, running, conclude: paths.wires.conclude, pass: (ids: string[], msg: unknown) => ids.forEach((id) => void seen(id, msg)) };
}
const numbered = (id: number) => wireMessage({ transition: { id, offer: 1, kind: 'raised', at: 0 } });

test('each message gets its own recorded path through the nodes, tab by tab and without links', () => {
  const { ways, conclude, pass } = setUp();
  pass(['which site?'], numbered(1));
  pass(['which site?', 'link', 'mail'], numbered(2));
  conclude(numbered(2), 'told');
  conclude(numbered(1), 'on hold');
  expect(ways.map((way) => way?.path)).toEqual(['10 Faults: which site? | 60 Deliver: email', '10 Faults: which site?']);
});

test('the recorded path contains the hash of the running tabs and has at most 600 characters', () => {
  const { ways, running, conclude, pass } = setUp();
  conclude(numbered(1), 'told');
  const long = Array.from({ length: 200 }, (_, at) => node(`a node with a long name ${at}`, 'a'));
  running.of = [...nodes, ...long];
  pass(
    long.map(({ id }) => id),
    numbered(2),
  );
  conclude(numbered(2), 'told');
  expect(ways[0]?.tabs).toMatch(/^[0-9a-f]{12}$/);
  expect(ways[1]?.tabs).not.toBe(ways[0]?.tabs);
  expect(ways[1]?.path.length).toBeLessThanOrEqual(600);
});

test('the message of a dry run is not concluded in the pipeline', () => {
  const { ways, conclude, pass } = setUp();
  pass(['which site?'], numbered(-1));
  conclude(numbered(-1), 'told');
  expect(ways).toEqual([]);
});
