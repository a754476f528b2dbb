/**
 * Compares the agent's packet trains with iperf3 on links of known rate, up and down.
 * - True rate: that of the token bucket at both ends of a veth. The bucket counts whole frames; the agent counts IP bytes, 1,200 of each
 * 1,214.
 * - The kernel sets the rate, not the machine. So errors, shares and bytes have absolute targets.
 * - capacity-lent.ts has lines with a burst or a policer.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainSessionBytes, trainWireBytes } from '@sabha/contracts';
import { type Cell, cell, errorsOf, inLanes, shapeOf, type Taken, times } from './capacity-cells.ts';
import { lentCells, lentRows } from './capacity-lent.ts';
import { prepareReflector } from './capacity-reflector.ts';
import { type Bench, CannotRun, median, type Row, row } from './model.ts';
import { canShape, createShapedLink, type ShapedLink } from './shaped-link.ts';

type Peer = { mbit: number; tcp: { error: number; bytes: number }; udp: { error: number; bytes: number } };

const iperfPort = 9_002;
const satellite = { way: { holdMs: 300, loss: 0.01 } };

const rates = [0.5, 2, 8, 20, 50];
const whole = {
  cells: [
    ...rates.flatMap((mbit) => [3, 32, 40, 80, 128, 160].map((bucketKB) => cell(mbit, bucketKB))),
    ...[0.5, 2, 8].flatMap((mbit) => [3, 32].map((bucketKB) => cell(mbit, bucketKB, satellite))),
  ],
  // Short queues: a tenth of a second, or the queue of a small router. Such lines may give fewer results, but no wrong result.
  shallow: [2, 8, 20].flatMap((mbit) => [8, 30, 50].map((queueKB) => cell(mbit, 3, { queueKB }))),
  runs: 2,
  lentRuns: 1,
};
const small = {
  cells: [cell(0.5, 3), cell(2, 40), cell(8, 32), cell(20, 160), cell(50, 3), cell(2, 3, satellite)],
  shallow: [cell(2, 3, { queueKB: 20 }), cell(8, 3, { queueKB: 8 })],
  runs: 2,
  lentRuns: 1,
};

export const capacityBench: Bench = {
  name: 'capacity',
  about: 'rates that trains of packets find on shaped links, beside iperf3',
  async run({ quick, say }) {
    if (!canShape()) throw new CannotRun('it needs root, network namespaces, tc, nft and ethtool (Debian: iproute2, nftables, ethtool)');
    if (spawnSync('iperf3', ['-v']).status !== 0) throw new CannotRun('iperf3 is not installed (a Debian package)');
    const size = quick || process.env['SABHA_NIGHTLY'] === undefined ? small : whole;
    const folder = mkdtempSync(join(tmpdir(), 'sabha-capacity-'));
    const links: ShapedLink[] = [];
    const stage = async (name: string) => {
      const link = createShapedLink(`bench-${name}`);
      links.push(link);
      return await prepareReflector(link, join(folder, name));
    };
    try {
      const stages = { alone: await stage('0'), beside: [await stage('1'), await stage('2'), await stage('3')] };
      const { runs, lentRuns } = size;
      const all = [...times(size.cells, runs), ...times(size.shallow, runs), ...times(lentCells, lentRuns)];
      const taken = await inLanes(stages, all, say);
      const of = (cells: readonly Cell[]) => taken.filter(({ cell: one }) => cells.includes(one));
      const peers: Peer[] = [];
      for (const mbit of new Set(size.cells.map((one) => one.mbit))) peers.push(await iperf(stages.alone.link, mbit, say));
      for (const one of [stages.alone, ...stages.beside]) await one.stop();
      return {
        versions: { iperf3: versionOfIperf() },
        rows: [...rowsOf(of(size.cells), peers), shallowRow(of(size.shallow)), ...lentRows(of(lentCells))],
      };
    } finally {
      for (const link of links) link.remove();
      rmSync(folder, { recursive: true });
    }
  },
};

/** Runs iperf3 to the server end of the link with the smallest bucket. Compares its result with the largest possible payload rate. */
async function iperf(link: ShapedLink, mbit: number, say: (line: string) => void): Promise<Peer> {
  link.shape(shapeOf(cell(mbit, 3)));
  const of = async (args: string[], share: number) => {
    const server = link.start('centre', { program: 'iperf3', args: ['-s', '-1', '-p', `${iperfPort}`, '--forceflush'] });
    await server.says('Server listening');
    const client = link.start('pc', { program: 'iperf3', args: ['-c', link.address, '-p', `${iperfPort}`, '-J', ...args] });
    await client.ended;
    await server.end('SIGTERM');
    const { sum_received: sum } = JSON.parse(client.lines.map(({ msg }) => msg).join('\n')).end as IperfEnd;
    return { error: sum.bits_per_second / (mbit * 1e6 * share) - 1, bytes: sum.bytes / share };
  };
  const tcp = await of(['-t', '3'], 1_448 / 1_514);
  const udp = await of(['-u', '-l', '1172', '-b', `${mbit * 1.2}M`, '-t', '2'], 1_172 / trainWireBytes);
  say(`iperf3 at ${mbit} Mbit/s: TCP ${(100 * tcp.error).toFixed(1)} %, UDP ${(100 * udp.error).toFixed(1)} %`);
  return { mbit, tcp, udp };
}

type IperfEnd = { sum_received: { bits_per_second: number; bytes: number } };

function rowsOf(taken: readonly Taken[], peers: readonly Peer[]): Row[] {
  const errors = errorsOf(taken);
  const percent = { unit: '%', better: 'less' } as const;
  const upTo20 = taken.filter((one) => one.cell.mbit <= 20).map(({ wireBytes }) => wireBytes);
  return [
    row({ metric: 'error of a rate, median of all answers', ...percent, ours: median(errors), target: { ours: 1 } }),
    row({ metric: 'the same, 95 of 100', ...percent, ours: quantile(errors, 0.95), target: { ours: 6 } }),
    row({ metric: 'the same, worst', ...percent, ours: Math.max(...errors) }),
    row({ metric: 'answered', unit: '%', better: 'more', ours: (100 * errors.length) / taken.length, target: { ours: 90 } }),
    row({
      metric: 'most bytes of a direction, up to 20 Mbit/s',
      unit: 'B',
      better: 'less',
      ours: Math.max(...upTo20),
      target: { ours: trainSessionBytes },
    }),
    ...peers.flatMap((peer) => peerRows(taken, peer)),
    ...relayRows(taken),
  ];
}

function peerRows(taken: readonly Taken[], { mbit, tcp, udp }: Peer): Row[] {
  const here = taken.filter((one) => one.cell.mbit === mbit && one.cell.way === 'straight');
  if (here.length === 0) return [];
  const error = { unit: '%', better: 'less', ours: quantile(errorsOf(here), 0.95) } as const;
  const bytes = { unit: 'kB', better: 'less', ours: median(here.map(({ wireBytes }) => wireBytes)) / 1_000 } as const;
  return [
    row({ metric: `error at ${mbit} Mbit/s, 95 of 100`, ...error, peer: { name: 'iperf3 TCP 3 s', value: 100 * Math.abs(tcp.error) } }),
    row({ metric: 'the same', ...error, peer: { name: 'iperf3 UDP 2 s', value: 100 * Math.abs(udp.error) } }),
    row({ metric: `bytes at ${mbit} Mbit/s, median`, ...bytes, peer: { name: 'iperf3 TCP 3 s', value: tcp.bytes / 1_000 } }),
    row({ metric: 'the same', ...bytes, peer: { name: 'iperf3 UDP 2 s', value: udp.bytes / 1_000 } }),
  ];
}

function relayRows(taken: readonly Taken[]): Row[] {
  const far = taken.filter((one) => one.cell.way !== 'straight');
  const bytes = median(far.map(({ wireBytes }) => wireBytes)) / 1_000;
  return [
    row({ metric: 'error over 600 ms with loss, 95 of 100', unit: '%', better: 'less', ours: quantile(errorsOf(far), 0.95) }),
    row({ metric: 'bytes of a direction over 600 ms, median', unit: 'kB', better: 'less', ours: bytes }),
  ];
}

function shallowRow(taken: readonly Taken[]): Row {
  const wrong = errorsOf(taken).filter((error) => error > 15).length;
  const metric = `told wrong by 15 % behind a short queue, of ${taken.length} (${errorsOf(taken).length} answered)`;
  return row({ metric, unit: 'runs', better: 'less', ours: wrong, target: { ours: 0 } });
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}

function versionOfIperf(): string {
  return /iperf (\S+)/.exec(spawnSync('iperf3', ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? 'unknown';
}
