import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSigningKeys, replaceFile, sealSigned } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { openSlots } from './slots.ts';
import { startUpdater, type UpdaterOptions } from './updater.ts';

const keys = makeSigningKeys();
const minute = 60_000;
const hour = 60 * minute;
const bundle = Buffer.from('the new agent');

function manifest(version: string, edit: object = {}): string {
  const sha256 = createHash('sha256').update(bundle).digest('hex');
  const said = { version, minimum: '0.0.0', expires: 2e12, size: bundle.length, sha256, ...edit };
  return JSON.stringify(sealSigned(said, createPrivateKey(keys.privateKey)));
}

function setUp(version = '1.0.0') {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-updater-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = handClock();
  const replace = (path: string, text: string) => {
    if (state.full) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    replaceFile(path, text);
  };
  const slots = openSlots(folder, { disk: { read: readFileSync, replace } });
  const state = {
    manifest: null as string | null,
    busy: false,
    heard: false,
    restarts: [] as string[],
    events: [] as string[],
    asked: 0,
    full: false,
    said: [] as string[],
    offMs: 0,
  };
  const options: UpdaterOptions = {
    version,
    slots,
    source: {
      manifest: async () => {
        state.asked += 1;
        return state.manifest;
      },
      bundle: async (from) => ({
        from,
        pieces: (async function* () {
          yield bundle.subarray(from);
        })(),
      }),
    },
    key: createPublicKey(keys.publicKey),
    clock,
    now: () => clock.now() - state.offMs,
    random: () => 0.5,
    isBusy: async () => state.busy,
    isBirthAcknowledged: () => state.heard,
    record: (_kind, { outcome, version: about = '' }) => state.events.push(`${outcome} ${about}`.trim()),
    restart: (reason) => state.restarts.push(reason),
    log: { info: () => {}, warn: (_, line) => state.said.push(line) },
  };
  return { state, slots, options, pass: clock.pass };
}

test('the updater downloads a newer version, restarts the agent for its trial, and reports the update', async () => {
  const { state, slots, options, pass } = setUp();
  startUpdater(options);
  state.manifest = manifest('1.1.0', { minimum: '1.0.5' });
  await pass(20 * minute);
  await expect.poll(() => state.restarts).toEqual(['update']);
  expect(slots.read()).toMatchObject({ trial: { version: '1.1.0', starts: 0 }, minimum: '1.0.5', proven: null });
  expect(state.events).toEqual(['on trial 1.1.0']);
});

test('F25 the updater delays the restart until the meeting ends', async () => {
  const { state, options, pass } = setUp();
  startUpdater(options);
  state.manifest = manifest('1.1.0');
  state.busy = true;
  await pass(20 * minute);
  await expect.poll(() => options.slots.read().trial).not.toBeNull();
  await pass(2 * hour);
  expect(state.restarts).toEqual([]);
  state.busy = false;
  await pass(minute);
  await expect.poll(() => state.restarts).toEqual(['update']);
});

test('the updater marks a version on trial as proven once the server acknowledges it', async () => {
  const { state, slots, options, pass } = setUp('1.1.0');
  slots.tryNext({ slot: 'a', version: '1.1.0', sha256: '0' }, '0.0.0');
  startUpdater(options);
  await pass(4 * minute);
  state.heard = true;
  await pass(1_000);
  expect(slots.read()).toMatchObject({ trial: null, proven: { slot: 'a', version: '1.1.0' } });
  await pass(hour);
  expect([state.restarts, state.events]).toEqual([[], ['proven 1.1.0']]);
});

test('F25 the updater rejects a version without acknowledgement after five minutes, and does not retry it for a day', async () => {
  const { state, slots, options, pass } = setUp('1.1.0');
  slots.tryNext({ slot: 'a', version: '1.1.0', sha256: '0' }, '0.0.0');
  startUpdater(options);
  await pass(5 * minute - 1_000);
  expect(state.restarts).toEqual([]);
  await pass(2_000);
  expect(state.restarts).toEqual(['update-taken-back']);
  expect(slots.read()).toMatchObject({ trial: null, rejected: { version: '1.1.0', reason: 'it did not reach the server' } });

  const before = startUpdater({ ...options, version: '1.0.0' });
  state.manifest = manifest('1.1.0');
  await pass(20 * hour);
  expect(state.asked).toBeGreaterThan(2);
  expect(slots.read().trial).toBeNull();
  await pass(8 * hour);
  await expect.poll(() => slots.read().trial).toMatchObject({ version: '1.1.0' });
  before.stop();
});

test('S10 the updater refuses and reports a manifest that another key signed, and checks the next manifest', async () => {
  const { state, slots, options, pass } = setUp();
  startUpdater(options);
  state.manifest = JSON.stringify(sealSigned({ version: '9.0.0' }, createPrivateKey(makeSigningKeys().privateKey)));
  await pass(20 * minute);
  expect([state.events, slots.read().trial]).toEqual([['refused'], null]);
  state.manifest = manifest('1.1.0');
  await pass(9 * hour);
  await expect.poll(() => slots.read().trial).toMatchObject({ version: '1.1.0' });
});

test('F25 the updater logs a full disk during a trial, retries the proof, and restarts at the deadline', async () => {
  const { state, slots, options, pass } = setUp('1.1.0');
  slots.tryNext({ slot: 'a', version: '1.1.0', sha256: '0' }, '0.0.0');
  state.full = true;
  state.heard = true;
  startUpdater(options);
  await pass(2 * minute);
  expect([state.restarts, state.said[0]]).toEqual([[], 'updates are delayed, retrying: ENOSPC: no space left']);
  state.full = false;
  await pass(minute);
  expect([slots.read().proven?.version, state.events]).toEqual(['1.1.0', ['proven 1.1.0']]);

  const late = setUp('1.1.0');
  late.slots.tryNext({ slot: 'a', version: '1.1.0', sha256: '0' }, '0.0.0');
  late.state.full = true;
  startUpdater(late.options);
  await late.pass(5 * minute + 2_000);
  expect(late.state.restarts).toEqual(['update-taken-back']);
});

test("S10 the updater checks the expiry of a manifest by the server's time on a PC with a dead clock", async () => {
  const { state, options, pass } = setUp();
  const now = options.clock.now();
  state.offMs = -20 * 365 * 24 * hour;
  startUpdater(options);
  state.manifest = manifest('1.1.0', { expires: now + 24 * hour });
  await pass(20 * minute);
  expect([state.events, options.slots.read().trial]).toEqual([['refused'], null]);
});
