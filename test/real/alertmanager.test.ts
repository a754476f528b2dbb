/** Tests that the server shows each incident as an alert in a real Alertmanager. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IncidentRow, realClock } from '@sabha/contracts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startAlertmanagerExport } from '../../flows/api/integrations/integrations.ts';
import { freePorts } from '../system/processes.ts';
import { installed, requirePart } from './parts.ts';

const program = 'prometheus-alertmanager';

describe.runIf(requirePart('Alertmanager', installed([program])))('the copy of incidents in Alertmanager', () => {
  test('shows an incident as one alert, updates the alert when the severity rises, and drops it when the incident ends', async () => {
    const at = await startAlertmanager();
    const words: string[] = [];
    let incidents: IncidentRow[] = [incident('minor')];
    // The clock runs 50 times faster, so the mirror polls every 0.1 s instead of 5 s. The time of day stays real, because Alertmanager uses
    // it.
    onTestFinished(
      startAlertmanagerExport({
        clock: { ...realClock(50), now: Date.now },
        settings: { alertmanager: { url: at }, https: { names: ['sabha.test'], port: 443 } },
        view: { incidents: () => incidents },
        say: (fault) => words.push(fault),
      }),
    );
    const firing = async () => (await alerts(at)).map(({ labels }) => `${labels['alertname']} ${labels['severity']} ${labels['incident']}`);
    await expect.poll(firing, { timeout: 30_000 }).toEqual(['microphone.missing minor 17']);
    incidents = [incident('critical')];
    await expect.poll(firing, { timeout: 30_000 }).toEqual(['microphone.missing critical 17']);
    expect((await alerts(at))[0]).toMatchObject({
      generatorURL: expect.stringMatching(/^https:\/\/sabha\.test.*#\/incident\/17$/),
      annotations: { summary: 'Leh, Room "1"} {: Microphone not found' },
    });
    incidents = [];
    await expect.poll(firing, { timeout: 30_000 }).toEqual([]);
    expect(words).toEqual([]);
  });
});

type Found = { labels: Record<string, string>; annotations: Record<string, string>; generatorURL: string };

async function alerts(at: string): Promise<Found[]> {
  return (await (await fetch(`${at}/api/v2/alerts?active=true`)).json()) as Found[];
}

/** Starts an Alertmanager on loopback whose receiver notifies nobody. It ends with the test. */
async function startAlertmanager(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sabha-alertmanager-'));
  const [port = 0] = await freePorts(1);
  await writeFile(join(folder, 'am.yml'), 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
  const flags = ['--config.file=am.yml', '--storage.path=data', `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='];
  const child = spawn(program, flags, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    if (child.kill()) await ended;
    await rm(folder, { recursive: true, force: true });
  });
  let said = '';
  child.stderr.on('data', (data) => (said += data));
  const at = `http://127.0.0.1:${port}`;
  const ready = async () => (await fetch(`${at}/-/ready`).catch(() => undefined))?.ok ?? said;
  await expect.poll(ready, { timeout: 30_000 }).toBe(true);
  return at;
}

/** An incident of which a person was notified. */
function incident(severity: IncidentRow['severity']): IncidentRow {
  return {
    id: 17,
    scope: 'ladakh/leh/pc-1',
    room: { en: 'Room "1"} {', hi: '' },
    site: { en: 'Leh', hi: '' },
    severity,
    openedAt: Date.now() - 60_000,
    overAt: null,
    over: null,
    closedBecause: null,
    flapping: false,
    acknowledged: null,
    faults: [{ fault: 'microphone.missing', device: '', name: null, severity, since: 0, hidden: false, unknownSince: null }],
    told: [{ person: 'asha', channel: 'email', at: 0 }],
    outage: null,
  };
}
