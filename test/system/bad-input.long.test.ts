// @module-tag long
/** Tests invalid input: one line says what is wrong and where, invalid messages are counted, and everything else continues. */
import { existsSync, writeFileSync } from 'node:fs';
import { digestOf, encode, type IncidentRow, type PcView, pcTopic } from '@sabha/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { connect, type Peer } from '../contract/peers.ts';
import { reportFigure } from '../figures.ts';
import { ask, type Ports, sampleOf, startCentre } from './centre-under-test.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import type { Program } from './processes.ts';
import { refused, siteUntil, takePort } from './refused-start.ts';
import { type ScriptedPc, startScriptedPc } from './scripted-pc.ts';

const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });

describe.concurrent('a start that is refused', () => {
  test.for([
    ['{ "people": [', /sabha\.json: not JSON: /],
    ['{ "peple": [] }', /sabha\.json: peple: this key is not known$/],
    ['{ "site": { "id": "Leh Office" } }', /sabha\.json: site\.id: expected lower-case letters, .*found "Leh Office"$/],
    ['{ "ports": { "mqtt": 70000 } }', /sabha\.json: ports\.mqtt: expected at most 65535, found 70000$/],
    ['{ "people": [{ "id": "a", "name": "A", "role": "boss" }] }', /sabha\.json: people\.0\.role: expected .*found "boss"$/],
    ['{ "channels": { "email": { "from": "nobody" } } }', /sabha\.json: channels\.email\.from: expected .*found "nobody"$/],
  ] as const)('sabha.json %s', async ([text, line], { expect, onTestFinished }) => {
    const site = await siteUntil(onTestFinished, text);
    const centre = startCentre(site);
    expect((await centre.ended).code).toBe(1);
    expect(centre.lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(line)]);
    expect(existsSync(site.data)).toBe(false);
  });

  test('a data folder that cannot be used', async ({ expect, onTestFinished }) => {
    const site = await siteUntil(onTestFinished);
    writeFileSync(site.data, '');
    const centre = startCentre(site);
    expect((await centre.ended).code).toBe(1);
    expect(centre.lines.map(({ msg }) => msg)).toEqual([
      `${site.data}/broker: cannot be used as a folder: a part of this path is a file, not a folder`,
    ]);
  });

  test('an API port in use by another web server, which gets no health request', async ({ expect, onTestFinished }) => {
    const site = await siteUntil(onTestFinished);
    const asked = await takePort(site, 'api', onTestFinished);
    await refused(site, new RegExp(`port ${site.ports.api} .*in use`));
    expect(asked).not.toContain('/api/pcs');
  });
});

describe('invalid input at run time', () => {
  const path = (id: string) => `ladakh/leh/${id}`;
  const ids = ['well', 'malformed', 'oversized', 'version', 'long-name', 'stranger', 'flood', 'odd-name', 'nested'];
  let parts: Parts;
  let mailbox: Mailbox;
  let broker: Program;
  let flows: Program;
  let well: ScriptedPc;
  const peers: Peer[] = [];

  beforeAll(async () => {
    mailbox = await openMailbox();
    const settings = { people: [person('asha', 'technician')], channels: { email: { port: mailbox.port } } };
    parts = await createParts({ pcs: ids, speed: 10, settings });
    broker = await parts.start('broker');
    flows = await parts.start('flows');
    well = startScriptedPc({ parts, pc: path('well') });
    await vi.waitUntil(async () => (await presenceOf('well')) === 'online', { timeout: 40_000 });
  });
  afterAll(async () => {
    for (const { client } of peers) client.end(true);
    await well?.stop();
    parts?.site.remove();
    await mailbox?.close();
  });
  afterEach(async () => {
    expect([broker.isRunning(), flows.isRunning(), await presenceOf('well')]).toEqual([true, true, 'online']);
  });

  const presenceOf = async (id: string) => (await ask<PcView[]>(parts.site.ports, '/api/pcs')).find(({ pc }) => pc === path(id))?.presence;
  const counted = (page: keyof Ports, series: string) => expect.poll(() => sampleOf(parts.site.ports[page], series), { timeout: 40_000 });
  const join = async (id: string) => {
    const peer = await connect(parts.site.ports.mqtt, path(id), { password: parts.tokens.get(path(id)) ?? '' });
    peers.push(peer);
    return peer;
  };
  const stateWith = (name: string, fault: string | null = null) => {
    const checks = [
      { component: 'microphone', device: 'usb', status: fault ? ('fault' as const) : ('ok' as const), fault, reason: null, name },
    ];
    return encode('state', { digest: digestOf(checks), session: 1, rev: 1, checks });
  };

  test('S23, R28 an event with 5,000 nested arrays is counted and dropped, and events of other PCs are stored', async () => {
    const nested = await join('nested');
    const head = '{"spool":"s","seq":1,"boot":"b","at":1,"grade":"event","kind":"k","body":{"a":';
    await nested.publish(pcTopic(path('nested'), 'event'), `${head}${'['.repeat(5_000)}${']'.repeat(5_000)}}}`);
    await counted('flowsMetrics', 'sabha_ingest_messages_total{leaf="event",result="shape"}').toBe(1);
    expect(await sampleOf(parts.site.ports.flowsMetrics, 'sabha_ledger_commits_total{result="failed"}')).toBe(0);
    const before = await sampleOf(parts.site.ports.flowsMetrics, 'sabha_events_applied_total');
    well.set('camera', 'after the bomb', null);
    await counted('flowsMetrics', 'sabha_events_applied_total').toBeGreaterThan(before);
    expect(flows.lines.filter(({ level = 0 }) => level >= 50)).toEqual([]);
    reportFigure('S23', 'an event of 5,000 nested arrays: counted, 0 commits failed, the events of another PC kept');
  });

  test('S13, S14 a device named $(reboot)"</script> appears as plain text in the API and in the mail', async () => {
    const name = '$(reboot)"</script>';
    const odd = await join('odd-name');
    await odd.client.publishAsync(pcTopic(path('odd-name'), 'state'), stateWith(name, 'microphone.missing'), { qos: 1 });
    // PCs of earlier tests may be silent by now, so the test checks only the mails about this PC.
    const heads = () => mailbox.mails.map(({ text }) => text.split('\n')[1]);
    await expect.poll(heads, { timeout: 40_000 }).toContain(`Critical: Microphone not found: ${name}`);
    const answer = await fetch(`http://127.0.0.1:${parts.site.ports.api}/api/incidents`);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const incidents = (await answer.json()) as IncidentRow[];
    const own = incidents.filter(({ scope }) => scope === path('odd-name')).flatMap(({ faults }) => faults);
    expect(own.filter(({ fault }) => fault === 'microphone.missing').map((fault) => fault.name)).toEqual([name]);
  });
});
