import { describe, expect, it } from 'vitest';
import { fault, ok, online, pc } from '../incidents/stage.test-helper.ts';
import type { Incident, IncidentFault, Transition } from '../records/incidents.ts';
import { judgeOffer, shortestHoldMs } from './flood-control.ts';

const now = 5_000_000;

function standing(id: string, change: Partial<IncidentFault> = {}): IncidentFault {
  const facts = { key: `${id}|`, fault: id, device: '', name: null, reason: null, severity: 'major', since: now } as const;
  return { ...facts, goneAt: null, unknownSince: null, hidden: false, told: null, ...change };
}

function incident(change: Partial<Incident> = {}): Incident {
  const nothing = { overAt: null, over: null, closedBecause: null, acknowledged: null, told: [], notes: [] };
  return {
    id: 1,
    scope: pc,
    openedAt: now,
    severity: 'major',
    flapping: false,
    faults: [standing('microphone.muted')],
    ...nothing,
    ...change,
  };
}

function transition(change: Partial<Transition> = {}): Transition {
  const about = [{ fault: 'microphone.muted', device: '', name: null, reason: null, since: now }];
  const offered = { state: 'pending', offers: 0, offeredAt: null, conclusion: null } as const;
  const sent: string[] = [];
  return { id: 1, incident: 1, kind: 'raised', at: now, about, severity: 'major', holdMs: 0, sent, ...offered, ...change };
}

const lesser = standing('camera.held', { severity: 'minor' });
const told = [{ person: 'a', channel: 'email', at: now }];

describe('R24 judge: an offer is judged against the incident as it is now', () => {
  it.each([
    ['a raise of what stands goes', transition(), incident(), { next: 'go' }],
    [
      'what is over before anybody was told',
      transition(),
      incident({ over: 'cleared' }),
      { next: 'over', how: 'over before anybody was told' },
    ],
    [
      'what a greater fault explains',
      transition(),
      incident({ faults: [standing('microphone.muted', { hidden: true })] }),
      { next: 'over', how: 'explained by a greater fault' },
    ],
    [
      'what was told already',
      transition(),
      incident({ faults: [standing('microphone.muted', { told: 'critical' })] }),
      { next: 'over', how: 'already told' },
    ],
    [
      'an escalation of what was told goes',
      transition({ state: 'waiting', sent: ['email/a'] }),
      incident({ faults: [standing('microphone.muted', { told: 'major' })] }),
      { next: 'go' },
    ],
    [
      'what nobody can say of waits',
      transition(),
      incident({ faults: [standing('microphone.muted', { unknownSince: now })] }),
      { next: 'later', inMs: 60_000 },
    ],
    [
      'that it eased goes where the rest is less severe',
      transition({ kind: 'eased' }),
      incident({ told, faults: [lesser] }),
      { next: 'go' },
    ],
    [
      'that it eased waited its turn, and something worse stands by then',
      transition({ kind: 'eased' }),
      incident({ told, faults: [standing('camera.missing', { severity: 'critical' })] }),
      { next: 'over', how: 'something worse stands by now' },
    ],
    [
      'a clear goes to nobody where nobody was told',
      transition({ kind: 'closed' }),
      incident({ over: 'closed' }),
      { next: 'over', how: 'nobody had been told' },
    ],
  ] as const)('R24 judgeOffer judges an offer against the present incident: %s', (_, one, of, verdict) => {
    expect(judgeOffer(one, of)).toEqual(verdict);
  });
});

it('R22 the hold of an offer is the shortest hold of its faults; a fault that is not in the catalogue has no hold', () => {
  expect(shortestHoldMs([{ fault: 'microphone.missing' }, { fault: 'pc.disk_full' }])).toBe(20_000);
  expect(shortestHoldMs([{ fault: 'pc.of_tomorrow' }, { fault: 'pc.disk_full' }])).toBe(0);
});

describe('the timer of a waiting transition', () => {
  const wait = { severity: 'critical', holdMs: 0, to: [] } as const;

  it('R21 an offer waits while another transition of its incident is offered', () => {
    const stage = online();
    stage.setPath(() => ({
      acts: [{ do: 'wait', node: 'n', dueAt: stage.now() + 1_000, unlessAcknowledged: false, message: { ...wait, to: [] } }],
    }));
    stage.state([fault('microphone.missing'), ok('camera')]);
    stage.setPath(() => 'nothing');
    stage.state([fault('microphone.missing'), fault('camera.missing')]);
    stage.pass(5_000);
    expect(stage.offers.map((one) => one.node)).toEqual([null, null]);
    stage.apply({ type: 'conclude', transition: 2, acts: [], severity: 'critical', how: 'done' });
    stage.pass(1_000);
    expect(stage.offers.map((one) => one.node)).toEqual([null, null, 'n']);
  });
});

it('R23 a person is notified once over one channel, however often the transition is offered', () => {
  const stage = online();
  const tell = { do: 'deliver', channel: 'email', to: ['technician'], severity: 'critical' } as const;
  stage.setPath(({ node }) => ({
    acts:
      node === null
        ? [
            { ...tell, to: ['technician'] },
            {
              do: 'wait',
              node: 'n',
              dueAt: stage.now() + 1_000,
              unlessAcknowledged: false,
              message: { severity: 'critical', holdMs: 0, to: [] },
            },
          ]
        : [{ ...tell, to: ['technician', 'state'] }],
  }));
  stage.state([fault('microphone.missing')]);
  stage.pass(5_000);
  expect(stage.told()).toEqual(['raised to technician', 'raised to state']);
});
