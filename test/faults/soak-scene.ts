/** The centre of a soak, its PCs and its people. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '../../flows/ledger/schema.ts';
import { type Mailbox, openMailbox } from '../system/mailbox.ts';
import { createParts, type PartName, type Parts } from '../system/parts-under-test.ts';
import { type Program, startProgram } from '../system/processes.ts';
import { type ScriptedPc, startScriptedPc } from '../system/scripted-pc.ts';
import type { Writing } from './writing-pc.ts';

const speed = 10;
const rooms = 12;
/** A process of its own, which is killed while it writes. */
const writer = 'ladakh/leh/writer';
/** Admitted, and no agent: what it sends cannot be read. */
export const stranger = 'ladakh/leh/stranger';
const eachTime = 100;

export type Scene = {
  parts: Parts;
  pcs: readonly ScriptedPc[];
  /** Numbers that the writer said were kept. */
  promised: ReadonlySet<number>;
  mails(): number;
  start(part: PartName): Promise<void>;
  kill(part: PartName): Promise<void>;
  /** Sends a signal to a part that runs on. */
  signal(part: PartName, signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** The writer writes some events and is killed so long after the first of them, or, with `until` 0, says all that it has. */
  write(how: { killAfterMs: number } | { until: 0 }): Promise<void>;
  /** Takes the mail server away for a while. */
  withoutMail(ms: number): Promise<void>;
  isReady(): Promise<boolean>;
  within(ms: number, is: () => Promise<boolean> | boolean): Promise<boolean>;
  /** What the ledger has of the writer. */
  writtenIn(): Set<number>;
  stop(): Promise<{ part: PartName; code: number | null }[]>;
  close(): Promise<void>;
};

/** Starts all of it. */
export async function createScene(): Promise<Scene> {
  let mailbox: Mailbox = await openMailbox();
  const { port } = mailbox;
  let taken = 0;
  const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });
  const settings = { people: [person('asha', 'technician'), person('meera', 'central')], channels: { email: { port } } };
  const ids = Array.from({ length: rooms }, (_, n) => `pc-${n + 1}`);
  const parts = await createParts({ pcs: [...ids, 'writer', 'stranger'], speed, settings });
  const running = new Map<PartName, Program>();
  const start = async (part: PartName) => void running.set(part, await parts.start(part));
  for (const part of ['broker', 'flows', 'dashboards'] as const) await start(part);
  const pcs = ids.map((id) => startScriptedPc({ parts, pc: `ladakh/leh/${id}` }));
  const promised = new Set<number>();

  async function within(ms: number, is: () => Promise<boolean> | boolean): Promise<boolean> {
    for (const until = performance.now() + ms; performance.now() < until; await delay(100)) if (await is()) return true;
    return false;
  }

  return {
    parts,
    pcs,
    promised,
    mails: () => taken + mailbox.mails.length,
    start,
    kill: async (part) => void (await running.get(part)?.end('SIGKILL')),
    signal(part, signal) {
      const program = running.get(part);
      if (program?.isRunning()) process.kill(program.pid, signal);
    },
    async write(how) {
      const from = promised.size === 0 ? 0 : Math.max(...promised) + 1;
      const program = startWriter(parts, 'until' in how ? { from: 0, until: 0 } : { from, until: from + eachTime });
      if ('until' in how) await within(120_000, () => !program.isRunning());
      else {
        await program.says('wrote');
        await delay(how.killAfterMs);
      }
      if (program.isRunning()) await program.end('SIGKILL');
      for (const { n } of program.lines) if (typeof n === 'number') promised.add(n);
    },
    async withoutMail(ms) {
      taken += mailbox.mails.length;
      await mailbox.close();
      await delay(ms);
      mailbox = await openMailbox(port);
    },
    isReady: async () => (await fetch(`http://127.0.0.1:${parts.site.ports.api}/readyz`).catch(() => undefined))?.ok === true,
    within,
    writtenIn: () => writtenIn(parts),
    async stop() {
      await Promise.all(pcs.map((pc) => pc.stop()));
      const ends = [...running].map(async ([part, program]) => ({ part, code: (await program.end('SIGTERM')).code }));
      return Promise.all(ends);
    },
    async close() {
      await Promise.all(pcs.map((pc) => pc.stop()));
      await mailbox.close();
      parts.site.remove();
    },
  };
}

function startWriter({ site, epochMs, tokens }: Parts, { from, until }: Pick<Writing, 'from' | 'until'>): Program {
  const spool = join(site.data, 'agent/writer.db');
  const writing: Writing = {
    pc: writer,
    token: tokens.get(writer) ?? '',
    data: site.data,
    mqtt: site.ports.mqtt,
    speed,
    epochMs,
    spool,
    from,
    until,
    everyMs: 2,
  };
  return startProgram({ args: ['test/faults/writing-pc.ts'], env: { ...site.env, SABHA_WRITING: JSON.stringify(writing) } });
}

function writtenIn({ site }: Parts): Set<number> {
  const db = openDatabase({ file: join(site.data, 'flows/ledger.db') });
  const found = db.prepare("SELECT body ->> '$.n' AS n FROM events WHERE kind = 'written'").all();
  db.close();
  return new Set(found.map(({ n }) => Number(n)));
}
