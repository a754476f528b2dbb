/**
 * Rows about the source of each fault on a PC. They come from the fault catalogue; `docs/reference/checks.md` shows them, and
 * `probes.test.ts` checks them against the code.
 */
import { type Fault, faultIds, faultOf } from '@sabha/contracts';
import { isTest, repository } from './source.ts';

/** `n`: its row in the research on probes. `linux`, `windows`: the source that is read there; `due` if it is not implemented. */
export type ProbeRow = { n?: number; fault: string; linux: string; windows: string; test: string };

/** Not implemented. */
export const due = 'due';

/** Rows of the research: a number with its faults. Faults that the catalogue lacks are due. */
const research: readonly (readonly [n: number, ...faults: string[]])[] = [
  [1, 'camera.missing'],
  [2, 'camera.driver'],
  [3, 'camera.disabled'],
  [4, 'camera.no_driver'],
  [5, 'camera.no_frames'],
  [6, 'camera.held'],
  [7, 'camera.black'],
  [8, 'camera.covered'],
  [9, 'camera.frozen'],
  [10, 'camera.placeholder'],
  [11, 'camera.too_dark', 'camera.over_exposed'],
  [12, 'camera.blurred'],
  [13, 'camera.low_fps'],
  [14, 'camera.slow_port'],
  [15, 'camera.privacy'],
  [16, 'usb.flapping'],
  [17, 'microphone.missing'],
  [18, 'microphone.not_default', 'microphone.monitor_chosen'],
  [19, 'microphone.muted'],
  [20, 'microphone.volume_low', 'microphone.volume_off'],
  [21, 'microphone.silent'],
  [22, 'microphone.too_quiet'],
  [23, 'microphone.clipping'],
  [24, 'microphone.noisy'],
  [25, 'microphone.hum'],
  [26, 'microphone.stalled'],
  [27, 'microphone.exclusive_held'],
  [28, 'microphone.disabled'],
  [29, 'microphone.privacy'],
  [30, 'speaker.missing'],
  [31, 'speaker.muted', 'speaker.volume_low', 'speaker.volume_off'],
  [32, 'speaker.not_default'],
  [33, 'speaker.no_sound'],
  [34, 'display.missing'],
  [35, 'display.low_resolution'],
  [36, 'pc.restart_pending'],
  [37, 'pc.disk_full', 'pc.disk_failing'],
  [38, 'pc.hot', 'pc.throttled'],
  [39, 'pc.load_high'],
  [40, 'power.on_battery', 'pc.crashed'],
  [41, 'clock.wrong'],
  [42, 'agent.probe_failed'],
  [43, 'session.none'],
  [44, 'program.missing'],
];
/** Faults that cannot exist on one system. */
const never: Readonly<Record<string, Partial<ProbeRow>>> = { 'microphone.exclusive_held': { linux: 'there is no such mode' } };
const tests = repository('agent/probes').filter(({ path }) => isTest(path) && !path.includes('.long.'));

/** Rows of the research in its order, then the others in the order of the catalogue. */
export const probeRows: readonly ProbeRow[] = [
  ...research.flatMap(([n, ...all]) => all.map((fault) => ({ n, ...rowOf(fault) }))),
  ...faultIds
    .filter((id) => faultOf(id)?.checkedBy !== undefined && !research.some(([, ...all]) => all.includes(id)))
    .map((id) => rowOf(id)),
];

function rowOf(fault: string): ProbeRow {
  const { checkedBy } = faultOf(fault) ?? ({} as Partial<Fault>);
  return checkedBy === undefined
    ? { fault, linux: due, windows: due, test: '', ...never[fault] }
    : { fault, ...checkedBy, test: testOf(fault) };
}

/** Returns the test that names the fault: that of its component, else another one of the probes. */
function testOf(fault: string): string {
  const whole = new RegExp(`(?<![\\w.])${RegExp.escape(fault)}(?!\\w)`);
  const naming = tests.filter(({ text }) => whole.test(text)).map(({ path }) => `agent/probes/${path}`);
  return naming.find((path) => path.endsWith(`/${fault.split('.')[0]}.test.ts`)) ?? naming[0] ?? '';
}

/** Returns the table of `docs/reference/checks.md`. */
export function probeTable(): string {
  const parents = (ids: readonly string[]) => ids.filter((id) => id !== 'pc.silent').join(', ') || '';
  const lines = probeRows.map(({ fault: id, linux, windows, test }) => {
    const fault = faultOf(id);
    const cells = fault === undefined ? ['', '', ''] : [fault.severity, `${fault.holdMs / 1_000} s`, parents(fault.parents)];
    return `| ${[`\`${id}\``, ...cells, linux, windows, test === '' ? '' : `[test](../../${test})`].join(' | ')} |`;
  });
  return [
    '| fault | severity | hold | hidden by | source on Linux | source on Windows | test |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
