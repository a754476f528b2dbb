/**
 * Tests the history of one microphone with real sound, real mail, a server and an agent, as the people in the room see it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IncidentView, PcView } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Centre, createSite, isUp, type Site, startCentre } from '../system/centre-under-test.ts';
import { type MailServer, mailServer, mailServerFound } from './mail.ts';
import { installed, requirePart } from './parts.ts';
import { type Desktop, pipewireTools, startDesktop } from './pipewire.ts';

const runs = requirePart('OpenSMTPD (and root, to start it)', mailServerFound());
const sounds = requirePart('PipeWire', installed(pipewireTools));
const holdMs = 20_000;
/** Longest time from the end of the hold to the mail, in milliseconds. */
const toldMs = 3_000;
const patience = { timeout: 60_000 };

const people = [
  { id: 'tashi', name: 'Tashi', role: 'technician', scope: 'ladakh/leh', language: 'hi', email: 'tashi@office.test' },
  { id: 'meera', name: 'Meera', role: 'central', language: 'en', email: 'meera@office.test' },
];
const channels = (port: number) => ({ email: { port, from: 'sabha@office.test' } });

describe.runIf(runs && sounds)('a microphone that is unplugged and plugged in again', () => {
  let desktop: Desktop;
  let server: MailServer;
  let site: Site;
  let centre: Centre;

  beforeAll(async () => {
    [desktop, server] = await Promise.all([startDesktop(), mailServer()]);
    await Promise.all([server.start(), desktop.plug('room_mic', 'RoomMic')]);
    const leh = {
      state: 'ladakh',
      id: 'leh',
      name: { en: 'Leh office', hi: 'लेह दफ़्तर' },
      profile: { link: 'fibre', expected: { camera: [], microphone: [{ match: 'RoomMic' }] } },
      pcs: [{ id: 'room-1', room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' } }],
    };
    site = await createSite({ site: leh, people, channels: channels(server.port) }, desktop.env);
    centre = startCentre(site);
    await isUp(centre);
  });
  afterAll(async () => {
    await centre?.stop();
    site?.remove();
    await server?.remove();
    await desktop?.stop();
  });

  test('leads to a Hindi mail with room, device, fault and action at most 3 s after the hold ends', async () => {
    await expect.poll(async () => (await microphone()).status, patience).toBe('ok');
    // The room must be quiet: a message within 2 s of another change is merged with the next one.
    await expect.poll(quietForMs, patience).toBeGreaterThan(2_500);
    const unpluggedAt = performance.now();
    await desktop.unplug('room_mic');
    await expect.poll(async () => (await missing()).length, { timeout: holdMs + 30_000 }).toBe(1);
    const afterMs = performance.now() - unpluggedAt;
    const [mail] = await missing();
    await expect.poll(async () => (await incidents()).map(({ told }) => told.length > 0), patience).toEqual([true]);
    console.log(`mail ${(afterMs / 1_000).toFixed(2)} s after the cable was pulled, hold time ${holdMs / 1_000} s`);
    expect(afterMs).toBeGreaterThanOrEqual(holdMs);
    expect(afterMs).toBeLessThanOrEqual(holdMs + toldMs);
    expect(mail?.headers.get('to')).toContain('tashi@office.test');
    for (const word of ['माइक नहीं मिल रहा', 'RoomMic', 'कॉन्फ़्रेंस रूम', 'लेह दफ़्तर', 'केबल निकालकर दोबारा लगाएँ'])
      expect(mail?.text).toContain(word);
    // The card on the PC shows the same text.
    const card = readFileSync(join(site.data, 'agent', 'card.html'), 'utf8');
    for (const word of ['माइक नहीं मिल रहा', 'कॉन्फ़्रेंस रूम', 'लेह दफ़्तर', 'केबल निकालकर दोबारा लगाएँ']) expect(card).toContain(word);
  });

  test('leads to exactly one mail that the microphone works again', async () => {
    await desktop.plug('room_mic', 'RoomMic');
    // Another real fault of this PC, such as a busy processor, can cause another mail first. If nobody was notified of that fault, the mail
    // waits until a minute after the end of the fault.
    await expect.poll(async () => (await missing()).length, { timeout: 180_000 }).toBe(2);
    await expect.poll(() => centre.sample('flowsMetrics', 'sabha_outbox_waiting'), patience).toBe(0);
    // The other fault keeps the incident open, and the mail then says "better" instead of "over".
    const words = (await missing()).map(({ text }) => text.split('\n')[1]?.split(':')[0]);
    expect(words).toEqual([expect.any(String), expect.stringMatching(/^(ठीक हो गया|कुछ ठीक हुआ)$/)]);
    expect((await microphone()).status).toBe('ok');
    const standing = (await incidents()).filter(({ over }) => over === null).flatMap(({ faults }) => faults.filter(isOfMicrophone));
    expect(standing.filter(({ watched }) => watched === undefined)).toEqual([]);
  });
  /** Returns the mails about the microphone, oldest first. */
  const missing = async () => (await server.mails(0)).filter(({ text }) => text.includes('माइक नहीं मिल रहा'));
  const isOfMicrophone = ({ fault }: { fault: string }) => fault.startsWith('microphone.');

  async function microphone(): Promise<PcView['checks'][number]> {
    const [pc] = await centre.api<PcView[]>('/api/pcs');
    const check = pc?.checks.find(({ component }) => component === 'microphone');
    if (check === undefined) throw new Error('no answer about a microphone');
    return check;
  }
  async function quietForMs(): Promise<number> {
    const [pc] = await centre.api<PcView[]>('/api/pcs');
    return Date.now() - Math.max(...(pc?.checks ?? []).map(({ since }) => since));
  }
  async function incidents(): Promise<IncidentView[]> {
    const all = await centre.api<IncidentView[]>('/api/incidents');
    return all.filter(({ faults }) => faults.some(isOfMicrophone));
  }
});
