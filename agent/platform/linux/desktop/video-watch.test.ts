import { beforeEach, expect, it } from 'vitest';
import type { Follow } from './kept-alive.ts';
import { watchVideo } from './video-sources.ts';

let running: Parameters<Follow>[1][];
let timers: (() => void)[];
let isThere: boolean;
let calls: number;

const clock = {
  now: () => 0,
  up: () => 0,
  after: (_ms: number, task: () => void) => {
    timers.push(task);
    return () => void timers.splice(timers.indexOf(task), 1);
  },
};
const follow: Follow = (_command, tell) => {
  running.push(tell);
  return () => undefined;
};
const start = () =>
  watchVideo({ env: {}, clock, isThere: () => isThere, follow }, () => {
    calls += 1;
  });
/** Prints a list as `pw-dump --monitor` does: over many lines, with the last bracket unindented. */
const write = (...objects: object[]) => {
  for (const line of JSON.stringify(objects, null, 2).split('\n')) running.at(-1)?.line(line);
};
const node = (id: number, props: object) => ({ id, type: 'PipeWire:Interface:Node', info: { state: 'running', props } });
const camera = node(40, { 'media.class': 'Video/Source', 'media.role': 'Camera', 'node.name': 'cam', 'node.description': 'RoomCam' });
const looking = [
  node(50, { 'media.class': 'Stream/Input/Video', 'client.id': 60 }),
  { id: 60, type: 'PipeWire:Interface:Client', info: { props: { 'application.process.binary': 'zoom' } } },
  { id: 70, type: 'PipeWire:Interface:Link', info: { state: 'active', 'output-node-id': 40, 'input-node-id': 50 } },
];

beforeEach(() => {
  running = [];
  timers = [];
  isThere = true;
  calls = 0;
});

it('the PipeWire watch returns unknown before the first list, then each camera and its programs, with one callback per change', () => {
  const { sources } = start();
  expect(sources()).toBe(undefined);
  write(node(30, { 'media.class': 'Audio/Sink' }), camera);
  expect(sources()).toMatchObject([{ name: 'RoomCam', programs: [] }]);
  expect(calls).toBe(1);
  write(...looking);
  expect(sources()).toMatchObject([{ programs: ['zoom'] }]);
  expect(calls).toBe(2);
  write({ ...looking[2], info: { state: 'paused', 'output-node-id': 40, 'input-node-id': 50 } });
  expect(sources()).toMatchObject([{ programs: [] }]);
  write({ id: 40, info: null });
  expect(sources()).toEqual([]);
  expect(calls).toBe(4);
});

it('the PipeWire watch returns unknown after PipeWire stops, and all cameras after PipeWire starts again', () => {
  const { sources } = start();
  write(camera);
  running[0]?.end();
  expect(sources()).toBe(undefined);
  expect(calls).toBe(2);
  timers.at(-1)?.();
  expect(running).toHaveLength(2);
  write(node(30, { 'media.class': 'Audio/Sink' }));
  expect(sources()).toEqual([]);
});
