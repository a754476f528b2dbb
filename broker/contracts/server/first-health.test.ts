import { expect, test } from 'vitest';
import { noneExpected } from '../domain/reasons.ts';
import type { PcView, SiteView } from './api.ts';
import { pcLines, siteLines } from './first-health.ts';

const pc = 'ladakh/leh/hall';
const check = { component: 'microphone', device: 'expected-1', status: 'ok', fault: null, reason: null } as const;
// A PC with only the fields that the functions read.
const pcView = (change: object) => ({ pc, heardAt: 10, checks: [check], ...change }) as PcView;
const siteView = (stage: string) => ({ stage }) as SiteView;

test('sites are counted by stage, and missing data returns no line', () => {
  expect(siteLines(undefined)).toBeUndefined();
  expect(siteLines(['live', 'live', 'planned'].map(siteView))).toEqual(['Sites (3): 1 planned, 0 commissioning, 2 live, 0 closed']);
});

test('each check has its mark, name and reason, and the text never claims that a camera, microphone or speaker is proven', () => {
  const checks = [
    { ...check, name: 'RoomMic' },
    { ...check, component: 'speaker', reason: noneExpected },
    { ...check, component: 'disk', device: '' },
    { ...check, component: 'camera', status: 'fault', fault: 'camera.missing', reason: 'found: none' },
    { ...check, component: 'display', device: 'HDMI-1', status: 'unknown' },
    { ...check, component: 'projector', device: '', status: 'fault', fault: 'projector.dark' },
  ];
  expect(pcLines([pcView({ checks })], pc, 10)).toEqual([
    `This PC (${pc}):`,
    '  ◐ microphone (RoomMic): there, open, not proven',
    `  ● speaker: ok, ${noneExpected}`,
    '  ● disk: ok',
    '  ◆ camera: Camera not found, found: none',
    '  ○ display HDMI-1: unknown',
    '  ◆ projector: projector.dark',
  ]);
});
