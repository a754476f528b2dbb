/** Runs the exporter against a real broker and a real API. */

import { encode, pcTopic, realClock } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestApi } from '../../flows/api/routes.test-helper.ts';
import { scriptedView } from '../../flows/api/scripted-view.test-helper.ts';
import { type OwnBroker, startOwnBroker, tokenOf } from '../../test/contract/broker-under-test.ts';
import { connect, type Peer } from '../../test/contract/peers.ts';
import { samplesOf } from './exporter.test-helper.ts';
import { startExporter } from './exporter.ts';

const pc = 'ladakh/leh/vc-1';
const labels = '{state="ladakh",site="ladakh/leh",pc="ladakh/leh/vc-1"}';
const digest = '0123456789abcdef';
const closing: (() => unknown)[] = [];
let broker: OwnBroker;

beforeEach(async () => {
  broker = await startOwnBroker();
  await broker.admit([{ pc }]);
  closing.push(() => broker.stop());
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openApi(port = 0) {
  const view = scriptedView();
  const api = await openTestApi({ port, view });
  closing.push(api.close);
  return { at: `http://127.0.0.1:${api.port}`, close: api.close, view };
}

async function exporter(api: string, edit: { mqttPort?: number; speed?: number; shiftedMs?: () => number } = {}) {
  const lines: string[] = [];
  const clock = realClock(edit.speed);
  const started = await startExporter({
    mqtt: { host: '127.0.0.1', port: edit.mqttPort ?? broker.port, token: tokenOf('exporter') },
    api,
    metricsPort: 0,
    clock: { ...clock, up: () => clock.up() + (edit.shiftedMs?.() ?? 0) },
    random: () => 0,
    log: { info: (line) => lines.push(line), warn: (line) => lines.push(line) },
  });
  closing.push(() => started.close());
  const read = async (path: string) => samplesOf(await (await fetch(`http://127.0.0.1:${started.port}${path}`)).text());
  const samples = async () => ({ ...(await read('/metrics/pcs')), ...(await read('/metrics')) });
  return { lines, samples };
}

async function agent(): Promise<Peer> {
  const peer = await connect(broker.port, pc);
  closing.push(() => peer.client.endAsync(true));
  return peer;
}

function beat(n: Record<string, number>): string {
  return encode('beat', { digest, session: 1, at: 1, n }).toString();
}

test('a beat and a snapshot become series', async () => {
  const api = await openApi();
  const { lines, samples } = await exporter(api.at);
  await expect.poll(() => lines.toSorted()).toEqual(['the API of flows answers', 'the broker answers']);
  await (await agent()).publish(pcTopic(pc, 'beat'), beat({ load: 0.5, rtt: 0.62 }));
  await expect.poll(samples).toMatchObject({
    [`sabha_pc_up${labels}`]: 1,
    [`sabha_pc_load_ratio${labels}`]: 0.5,
    [`sabha_link_round_trip_seconds${labels}`]: 0.62,
    'sabha_pcs{state="ladakh",presence="online"}': 1,
    'sabha_exporter_beats_total{result="ok"}': 1,
    sabha_exporter_api_up: 1,
  });
});

test('an unreadable beat is counted by its reason and changes no series', async () => {
  const api = await openApi();
  const { lines, samples } = await exporter(api.at);
  await expect.poll(() => lines).toHaveLength(2);
  const peer = await agent();
  await peer.publish(pcTopic(pc, 'beat'), beat({ load: 0.5 }));
  for (const bad of ['{"digest":', '\u0001x', '{}', `{"digest":"${digest}","session":1,"at":1,"n":{"load":"1"}}`]) {
    await peer.publish(pcTopic(pc, 'beat'), bad);
  }
  await expect.poll(samples).toMatchObject({
    'sabha_exporter_beats_total{result="ok"}': 1,
    'sabha_exporter_beats_total{result="malformed"}': 1,
    'sabha_exporter_beats_total{result="version"}': 1,
    'sabha_exporter_beats_total{result="schema"}': 2,
    [`sabha_pc_load_ratio${labels}`]: 0.5,
  });
});

test('without broker and API it serves, logs each outage once after the start period, and reconnects to the API', async () => {
  let shiftedMs = 0;
  const gone = await openApi();
  await gone.close();
  const port = Number(new URL(gone.at).port);
  const { lines, samples } = await exporter(gone.at, { mqttPort: port, speed: 5, shiftedMs: () => shiftedMs });
  shiftedMs = -3_600_000;
  expect(await samples()).toMatchObject({ sabha_exporter_api_up: 0 });
  expect(lines).toEqual([]);
  shiftedMs = 30_000;
  await expect
    .poll(() => lines.toSorted(), { timeout: 9_000 })
    .toEqual(['the API of flows does not answer: ECONNREFUSED', expect.stringMatching(/^the broker does not answer: .*ECONNREFUSED/)]);
  await openApi(port);
  await expect.poll(() => lines.at(-1), { timeout: 9_000 }).toBe('the API of flows answers');
  expect(lines).toHaveLength(3);
  expect(await samples()).toMatchObject({ sabha_exporter_api_up: 1 });
});

test('after the broker closes the session it reconnects and counts the next beat', async () => {
  const api = await openApi();
  const { lines, samples } = await exporter(api.at);
  await expect.poll(() => lines).toHaveLength(2);
  const thief = await connect(broker.port, 'exporter');
  await expect.poll(() => lines).toHaveLength(4);
  expect(lines.slice(2)).toEqual(['the broker does not answer: connection closed', 'the broker answers']);
  await thief.closed;
  await (await agent()).publish(pcTopic(pc, 'beat'), beat({ load: 0.75 }));
  await expect.poll(samples).toMatchObject({ [`sabha_pc_load_ratio${labels}`]: 0.75 });
});
