import { coreReasonText, type Profile, realClock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createLinux } from '../../platform/linux/linux.ts';
import { tree } from '../../platform/linux/tree.test-helper.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createDisplayProbe } from './display.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const fullHd = '1920x1080\n1920x1080\n1280x720\n640x480\n';

/** Returns the EDID block of a Dell display, product 40A3, with this name and native resolution. */
function edid(name: string, width = 1_920, height = 1_080): Buffer {
  const block = Buffer.alloc(128);
  block.writeUInt16BE(0x10ac, 8);
  block.writeUInt16LE(0x40a3, 10);
  block.writeUInt16LE(14_850, 54);
  for (const [at, length] of [
    [56, width],
    [59, height],
  ] as const) {
    block.writeUInt8(length & 0xff, at);
    block.writeUInt8((length >> 4) & 0xf0, at + 2);
  }
  block.writeUInt32BE(0xfc, 72);
  block.write(`${name}\n`, 77, 'latin1');
  return block;
}
const connector = (name: string, status: string, more: Record<string, string | Buffer> = {}) => ({
  [`sys/class/drm/card1-${name}/status`]: `${status}\n`,
  ...Object.fromEntries(Object.entries(more).map(([file, content]) => [`sys/class/drm/card1-${name}/${file}`, content])),
});
const screen = connector('HDMI-A-1', 'connected', { modes: fullHd, edid: edid('DELL P2419H') });

async function ask(entries: Record<string, string | Buffer>, display: Profile['expected']['display'] = [{}]) {
  const platform = createLinux({ root: tree({ 'sys/class/note': '', ...entries }), env: { PATH: '' }, clock: realClock() });
  return askExpecting({ display }, platform);
}
async function askExpecting(expected: Profile['expected'], platform = createUnsupported()) {
  const profile: Profile = { link: 'fibre', elevationM: 0, expected };
  return (await createDisplayProbe().run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
}

it('the display probe reports a connected display as ok, found by its name, its maker and product, or its connector', async () => {
  for (const display of [[{}], [{ match: 'p2419' }], [{ match: 'DEL40A3' }], [{ match: 'hdmi' }]])
    expect(await ask(screen, display)).toMatchObject([{ component: 'display', device: 'expected-1', status: 'ok', name: 'DELL P2419H' }]);
});

it('the display probe reports display.missing if a display is not connected, with the last known name', async () => {
  expect(await ask(connector('HDMI-A-1', 'disconnected'))).toMatchObject([{ fault: 'display.missing' }]);
  expect(await ask(screen, [{ match: 'NEC' }])).toMatchObject([{ fault: 'display.missing', name: 'NEC' }]);
  const two = { ...screen, ...connector('DP-1', 'connected', { modes: fullHd }) };
  expect(await ask(two, [{}, {}, {}])).toMatchObject([{ status: 'ok' }, { status: 'ok' }, { fault: 'display.missing' }]);
});

it('the display probe reports display.low_resolution if the resolution is below the native one, or too low to read', async () => {
  const offered = (modes: string, said: Buffer | string = '') => ask(connector('VGA-1', 'connected', { modes, edid: said }));
  const low = (reason: string) => [{ status: 'fault', fault: 'display.low_resolution', reason }];
  expect(await offered('1024x768\n800x600\n640x480\n')).toMatchObject(low('at most 1024 x 768'));
  expect(await offered('1280x720\n')).toMatchObject([{ status: 'ok', name: 'VGA-1' }]);
  expect(await offered('1280x720\n', edid('TV'))).toMatchObject(low('at most 1280 x 720'));
  expect(await offered(fullHd, edid('4K TV', 3_840, 2_160))).toMatchObject([{ status: 'ok', name: '4K TV' }]);
  expect(await offered('', edid('TV'))).toMatchObject([{ status: 'ok' }]);
  expect(await offered('nonsense\n99999999x2\n', edid('TV').subarray(0, 60))).toMatchObject([{ status: 'ok', name: 'VGA-1' }]);
  expect(coreReasonText('at most 1024 x 768', 'hi')).toBe('ज़्यादा से ज़्यादा 1024 x 768');
});
