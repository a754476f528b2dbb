/** The server, the PCs and the people of a soak. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '../../flows/storage/ledger/schema.ts';
import { type Mailbox, openMailbox } from '../system/mailbox.ts';
import { createParts, type PartName, type Parts } from '../system/parts-under-test.ts';
import { type Program, startProgram } from '../system/processes.ts';
import { type ScriptedPc, startScriptedPc } from '../system/scripted-pc.ts';
import { type Link, openLink } from './soak-link.ts';
import type { Writing } from './writing-pc.ts';

const speed = 10;
const rooms = 12;
/** The path of a PC with a separate process, which is killed while it writes. */
const writer = 'ladakh/leh/writer';
/** The path of an admitted PC without an agent, which sends garbage. */
export const stranger = 'ladakh/leh/stranger';
/** The path of a PC whose disk image several machines share. */
const image = 'ladakh/leh/image';
const eachTime = 100;
/** How the writer is killed: time after its first event, and how far its clock is ahead. */
export type Killed = { killAfterMs: number; aheadMs?: number };
/** The database of a process that was just killed. */
export type Store = 'ledger' | 'spool';

export type Scene = {
  parts: Parts;
  pcs: readonly ScriptedPc[];
  links: readonly Link[];
  /** Numbers that the writer reported as committed. */
  promised: ReadonlySet<number>;
  mails(): number;
  start(part: PartName): Promise<void>;
  kill(part: PartName): Promise<void>;
  signal(part: PartName, signal: 'SIGSTOP' | 'SIGCONT'): void;
  /**
   * Runs the separate process of the PC `writer` (`writing-pc.ts`) and kills it after `killAfterMs`. With `until` 0 it writes no event, and
   * has 120 s to send its backlog. Returns true if it exited by itself because everything was acknowledged.
   */
  write(how: Killed | { until: 0 }): Promise<boolean>;
  /** Appends bytes to the WAL, as a torn write of a power cut does. */
  tear(store: Store, bytes: Uint8Array): void;
  /** Replaces the writer's spool with these bytes. */
  damage(bytes: Uint8Array): void;
  /** Starts another machine with the shared disk image. */
  clone(n: number): ScriptedPc;
  /** Stops the mail server for so many milliseconds. */
  withoutMail(ms: number): Promise<void>;
  isReady(): Promise<boolean>;
  within(ms: number, is: () => Promise<boolean> | boolean): Promise<boolean>;
  writtenIn(): Set<number>;
  stop(): Promise<{ part: PartName; code: number | null }[]>;
  close(): Promise<void>;
};

export async function createScene(): Promise<Scene> {
  let mailbox: Mailbox = await openMailbox();
  const { port } = mailbox;
  let taken = 0;
  const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });
  const settings = { people: [person('asha', 'technician'), person('meera', 'central')], channels: { email: { port } } };
  const ids = Array.from({ length: rooms }, (_, n) => `pc-${n + 1}`);
  const parts = await createParts({ pcs: [...ids, 'writer', 'stranger', 'image'], speed, settings });
  const running = new Map<PartName, Program>();
  const start = async (part: PartName) => void running.set(part, await parts.start(part));
  for (const part of ['broker', 'flows', 'dashboards'] as const) await start(part);
  const links = await Promise.all(ids.map(() => openLink(parts.site.ports.mqtt)));
  const over = ({ port }: Link) => ({ ...parts, site: { ...parts.site, ports: { ...parts.site.ports, mqtt: port } } });
  const pcs = links.map((link, n) => startScriptedPc({ parts: over(link), pc: `ladakh/leh/${ids[n]}` }));
  const spool = join(parts.site.data, 'agent/writer.db');
  const ledger = join(parts.site.data, 'flows/ledger.db');
  const promised = new Set<number>();

  async function within(ms: number, is: () => Promise<boolean> | boolean): Promise<boolean> {
    for (const until = performance.now() + ms; performance.now() < until; await delay(100)) if (await is()) return true;
    return false;
  }

  return {
    parts,
    pcs,
    links,
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
      const program = startWriter(
        parts,
        'until' in how ? { from: 0, until: 0 } : { from, until: from + eachTime, aheadMs: how.aheadMs ?? 0 },
      );
      if ('until' in how) await within(120_000, () => !program.isRunning());
      else {
        await program.says('wrote');
        await delay(how.killAfterMs);
      }
      const isEmpty = !program.isRunning();
      if (!isEmpty) await program.end('SIGKILL');
      for (const { n } of program.lines) if (typeof n === 'number') promised.add(n);
      return isEmpty;
    },
    tear(store, bytes) {
      const log = `${store === 'ledger' ? ledger : spool}-wal`;
      if (existsSync(log)) appendFileSync(log, bytes);
    },
    damage: (bytes) => writeFileSync(spool, bytes),
    clone: (n) => startScriptedPc({ parts, pc: image, bootId: `boot-${n}` }),
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
      for (const link of links) link.close();
      await mailbox.close();
      parts.site.remove();
    },
  };
}

type Stretch = Pick<Writing, 'from' | 'until'> & { aheadMs?: number };

function startWriter({ site, epochMs, tokens }: Parts, { from, until, aheadMs = 0 }: Stretch): Program {
  const spool = join(site.data, 'agent/writer.db');
  const writing: Writing = {
    pc: writer,
    token: tokens.get(writer) ?? '',
    data: site.data,
    mqtt: site.ports.mqtt,
    speed,
    // The epoch with which a faster clock is ahead by `aheadMs` now.
    epochMs: epochMs + aheadMs / (1 - speed),
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
