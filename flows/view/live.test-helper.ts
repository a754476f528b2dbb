import type { Person, StreamFrame } from '@sabha/contracts';
import { createStage, fault, ok } from '../engine/incidents/stage.test-helper.ts';
import type { TreeNode } from '../engine/records/sites.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { testClock } from '../notify/people/people.test-helper.ts';
import { createRoster } from '../notify/people/roster.ts';
import { createSiteTable, emptyFacts } from '../sites/table.ts';
import { createLiveView, type LiveViewOptions, type PcChoice } from './live.ts';

/** Creates a nation of `count` sites with `each` PCs, all of which send messages. */
export function setUp({ count = 3, each = 1, talking = true } = {}) {
  const held = {
    table: createSiteTable(nodesOf(count, each)),
    isOpen: true,
    isWritten: true,
    away: null as { from: number; to: number } | null,
  };
  const stage = createStage({ known: [...held.table.known], at: Date.UTC(2026, 2, 3, 8, 35) });
  const pcs = held.table.known.map(({ pc }) => pc);
  stage.subscribe();
  if (talking) for (const pc of pcs) stage.birth(pc);
  if (talking) for (const pc of pcs) stage.state(well, pc);
  const clock = testClock();
  const told: unknown[] = [];
  const ingest = {
    memory: stage.engine.memory,
    table: () => held.table,
    place: (scope: string) => held.table.place(scope),
    time: stage.now,
    isSubscribed: stage.engine.isSubscribed,
    away: () => held.away,
    deafSince: () => (stage.engine.isSubscribed() ? null : 30),
    link: () => ({ link: { pc: 'kerala/elsewhere/vc-1', at: 1, report: { at: 1 } }, broke: null }),
    numbers: () => ({ room: 21 }),
    wanted: () => 1,
    tell: async (...said: unknown[]) => held.isWritten && told.push(said) > 0,
  } as unknown as Ingest;
  const rollcalls = { last: () => null } as unknown as LiveViewOptions['rollcalls'];
  const issued: Parameters<LiveViewOptions['commands']['issue']>[0][] = [];
  const commands = {
    issue: async (order: (typeof issued)[number]) => ({ ok: issued.push(order) > 0, id: 'c1' }),
  } as unknown as LiveViewOptions['commands'];
  const ledger = {
    history: async () => [{ component: 'presence', at: 0, status: 'online', faults: [] }],
    aways: async () => [{ from: 10, to: 20 }],
  } as unknown as LiveViewOptions['ledger'];
  const roster = createRoster([technician]);
  const show = createLiveView({
    clock,
    roster,
    ledger,
    rollcalls,
    commands,
    ingest: () => (held.isOpen ? ingest : undefined),
    unready: () => undefined,
  });
  show.all();
  const site = (at: number) => held.table.sites[at]?.path ?? '';
  /** Passes the ops that the stage wrote since `from` to the view, as the pipeline does after a commit. */
  const announce = (from: number) => {
    const ops = stage.ops.slice(from);
    const incidents = ops.flatMap((op) =>
      op.op === 'incident' ? [op.incident.id] : op.op === 'transition' ? [op.transition.incident] : [],
    );
    show.changed({ pcs: ops.flatMap((op) => (op.op === 'pc' ? [op.record.pc] : [])), incidents });
  };
  const does = (act: () => void) => {
    const from = stage.ops.length;
    act();
    announce(from);
  };
  const listen = (choice: PcChoice = '') => {
    const frames: StreamFrame[] = [];
    return { frames, leave: show.view.onChange(choice, (frame) => frames.push(frame)) };
  };
  return { stage, clock, show, held, told, issued, pcs, site, does, listen };
}

const jabra = 'usb-GN_Netcom_Jabra_Speak_710-00';
export const well = [ok('microphone', jabra), ok('camera'), ok('speaker')];
export const broken = [{ ...fault('microphone.missing', jabra), name: 'Jabra Speak 710' }, ok('camera'), ok('speaker')];
const technician = { id: 'technician', name: 'आशा कुमारी', role: 'technician', scope: '', addresses: {} } as Person;

function nodesOf(count: number, each: number): TreeNode[] {
  const path = (at: number) => `kerala/kozhikode-${at + 1}`;
  const sites = Array.from({ length: count }, (_, at): TreeNode[] => [
    {
      path: path(at),
      name: { en: `District office, Kozhikode ${at + 1}`, hi: `ज़िला कार्यालय, कोझिकोड ${at + 1}` },
      layer: {},
      site: { ...emptyFacts, stage: 'live' },
    },
    ...Array.from({ length: each }, (_, pc): TreeNode => {
      return { path: `${path(at)}/vc-${pc + 1}`, name: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' }, layer: {}, site: null };
    }),
  ]);
  const state = { path: 'kerala', name: { en: 'Kerala', hi: 'केरल' }, layer: {}, site: null };
  return [{ path: '', name: { en: 'All', hi: 'सब' }, layer: {}, site: null }, state, ...sites.flat()];
}
