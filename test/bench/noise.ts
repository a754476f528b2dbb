/**
 * Counts the messages of a month of a nation from Sabha, and from Prometheus and Alertmanager with usual grouping and inhibition. Sabha
 * runs engine, tabs and outbox under virtual time. Alertmanager is the real program, whose clock cannot be set: it plays the first days at
 * 1,440 times the speed, with all its times shortened. Both watch rooms day and night.
 */
import { randomFrom } from '../random.ts';
import { installed } from '../real/parts.ts';
import { type Bench, CannotRun, type Row, row, versionOfPackage } from './model.ts';
import { type GroupingName, playAlertmanager } from './noise-alertmanager.ts';
import { createMonth, type Month } from './noise-month.ts';
import { type NoiseResult, playOurs } from './noise-ours.ts';

type Size = { sites: number; days: number; peerDays: number };

const whole: Size = { sites: 736, days: 30, peerDays: 7 };
const small: Size = { sites: 72, days: 3, peerDays: 1 };
const seed = 736;
const listedAtMost = 10;

export const noiseBench: Bench = {
  name: 'noise',
  about: 'how many messages a month of a nation costs its people, how many are false, and what is missed, beside Prometheus + Alertmanager',
  async run({ quick, say }) {
    if (!installed(['prometheus-alertmanager'])) throw new CannotRun('prometheus-alertmanager is not installed (a Debian package)');
    const size = quick ? small : whole;
    const month = createMonth({ ...size, random: randomFrom(seed) });
    for (const line of told(month)) say(line);
    const theirs = await playAlertmanager(month, size.peerDays);
    say(`Alertmanager, ${size.peerDays} days: ${JSON.stringify(theirs)}`);
    const ours = await playOurs(month, randomFrom(seed + 1), say);
    for (const line of [...listed('false', ours.false), ...listed('missed', ours.missed)]) say(line);
    return { versions: { alertmanager: versionOfPackage('prometheus-alertmanager') }, rows: rowsOf(size, ours, theirs) };
  },
};

/** Describes the faults of the month by kind. */
function told({ troubles }: Month): string[] {
  const kinds = Map.groupBy(troubles, ({ kind, fault, pcs }) => [kind, fault ?? (pcs.length > 3 ? 'of many' : 'of a site')].join(' '));
  return [...kinds].toSorted().map(([kind, list]) => `${kind}: ${list.length}`);
}

function listed(what: string, list: readonly string[]): string[] {
  return list.slice(0, listedAtMost).map((line) => `${what}: ${line}`);
}

/** Compares the same days, and only messages to technicians: in both, the alert of a state goes to other recipients. */
function rowsOf({ sites, days, peerDays }: Size, ours: NoiseResult, theirs: Record<GroupingName, number>): Row[] {
  const perWeek = (count: number) => (count * 7) / (peerDays * ours.technicians);
  const mine = ours.messages.filter(({ at, toTechnician }) => toTechnician && at < peerDays * 24 * 3_600_000).length;
  const beside = (name: GroupingName) => ({
    ...({ unit: 'messages', better: 'less', ours: perWeek(mine) } as const),
    peer: { name: `Prometheus + Alertmanager, grouped ${name}`, value: perWeek(theirs[name]) },
  });
  return [
    row({
      metric: `${sites} sites, ${days} days: false alerts a site`,
      unit: 'alerts',
      better: 'less',
      ours: ours.false.length / sites,
      target: { ours: 0.1 },
    }),
    row({ metric: 'troubles that nobody was told of', unit: 'alerts', better: 'less', ours: ours.missed.length, target: { ours: 0 } }),
    row({ metric: 'to a technician in a week', ...beside('by site') }),
    row({ metric: 'to a technician in a week', ...beside('by state') }),
    row({ metric: 'to all people, a day', unit: 'messages', better: 'less', ours: ours.messages.length / days }),
  ];
}
