import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger, Op } from '../../engine/records/ops.ts';
import { openInThread, openLedger } from './ledger.ts';

const pc = 'la/leh/pc-1';
let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-ledger-'));
  file = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const birth: Op = { op: 'birth', pc, spool: 'a', first: 1, last: 1, carries: null, at: 1 };

function event(seq: number, text = ''): Op {
  return { op: 'event', pc, event: { spool: 'a', seq, boot: 'b', at: seq, grade: 'event', kind: 'test', body: { text } }, at: 1 };
}

const ways: [string, () => Promise<Ledger>][] = [
  ['in a worker thread', () => openLedger({ file })],
  ['in this thread', async () => openInThread(new DatabaseSync(':memory:'))],
];

describe.each(ways)('the ledger %s', (_, open) => {
  test('the ledger commits, loads and audits, and rejects every call after close', async () => {
    const ledger = await open();
    const receipt = await ledger.commit([birth, event(1), { op: 'meta', key: 'k', value: 'v' }]);
    expect(receipt).toMatchObject({ applied: 1, cursors: [{ pc, spool: 'a', upTo: 1 }] });
    expect((await ledger.load()).meta).toEqual({ k: 'v' });
    expect(await ledger.audit()).toEqual({
      events: 1,
      spools: 1,
      gaps: 0,
      dropped: 0,
      twice: 0,
      forks: 0,
      incidents: { raised: 0, cleared: 0, closed: 0, open: 0 },
      notifications: { delivered: 0, refused: 0, waiting: 0 },
      integrity: 'ok',
    });
    await ledger.commit([5, 6].map((at) => ({ op: 'change', pc, component: 'presence', at, status: 'online', faults: [] })));
    expect(await ledger.history(pc, 6)).toMatchObject([{ at: 5 }, { at: 6 }]);
    expect(await ledger.aways(0)).toEqual([]);
    expect(await ledger.rollcalls()).toEqual([]);
    expect(await ledger.rollcall('none')).toBeUndefined();
    await ledger.close();
    await expect(ledger.commit([event(2)])).rejects.toThrow();
    await expect(ledger.load()).rejects.toThrow();
  });

  test('R20 a failed batch is rejected, nothing of it is written, and the next commit succeeds', async () => {
    const ledger = await open();
    await ledger.commit([birth]);
    const bad = { op: 'meta', key: 'k', value: {} } as unknown as Op;
    await expect(ledger.commit([event(1), bad])).rejects.toMatchObject({ name: 'LedgerError', code: 'other' });
    expect((await ledger.audit()).events).toBe(0);
    expect((await ledger.commit([event(1)])).applied).toBe(1);
    await ledger.close();
  });
});

test('a ledger in a worker thread and a ledger in this thread have the same functions', async () => {
  const [worker, here] = [await openLedger({ file }), openInThread(new DatabaseSync(':memory:'))];
  expect(Object.keys(worker).sort()).toEqual(Object.keys(here).sort());
  expect(Object.keys(here)).toEqual(expect.arrayContaining(['load', 'person', 'forget', 'checkpoint', 'commit', 'close']));
  await Promise.all([worker.close(), here.close()]);
});

describe.each(ways)('poison, %s', (_, open) => {
  const other = 'la/leh/pc-2';
  const well: Op = {
    op: 'event',
    pc: other,
    event: { spool: 'z', seq: 1, boot: 'b', at: 1, grade: 'event', kind: 'test', body: {} },
    at: 1,
  };
  const born: Op = { op: 'birth', pc: other, spool: 'z', first: 1, last: 1, carries: null, at: 1 };

  test('R28 an event that cannot be written is reported in the receipt with its PC, and the rest of the batch is committed', async () => {
    const ledger = await open();
    const body: Record<string, unknown> = {};
    body['itself'] = body;
    const circle = event(2) as Extract<Op, { op: 'event' }>;
    const bad: Op = { ...circle, event: { ...circle.event, body } };
    const receipt = await ledger.commit([birth, born, event(1), bad, well, event(3)]);
    expect(receipt).toMatchObject({ applied: 3, poison: [{ op: 'event', pc, why: expect.stringContaining('circular') }] });
    // An event that could not be written is not acknowledged, so its number stays missing. Its PC quarantines the event after three
    // refusals (R8).
    expect(receipt.cursors.map((one) => [one.pc, one.upTo])).toEqual([
      [pc, 1],
      [other, 1],
    ]);
    expect((await ledger.commit([event(2)])).cursors.map(({ upTo }) => upTo)).toEqual([3]);
    expect(await ledger.audit()).toMatchObject({ events: 4, gaps: 0, integrity: 'ok' });
    await ledger.close();
  });

  test('R28 the birth of a new PC that cannot be stored leaves no partial spool', async () => {
    const ledger = await open();
    const bad = { ...birth, carries: {} } as unknown as Op;
    const receipt = await ledger.commit([bad, born, well]);
    expect(receipt).toMatchObject({ applied: 1, cursors: [{ pc: other, upTo: 1 }], poison: [{ op: 'birth', pc }] });
    expect((await ledger.audit()).spools).toBe(1);
    await ledger.close();
  });
});

test('R28 an operation that cannot be cloned into the thread is named in its receipt, and other batches are committed', async () => {
  const ledger = await openLedger({ file });
  const first = ledger.commit([birth]);
  const bad = event(1) as Extract<Op, { op: 'event' }>;
  const poisoned = ledger.commit([{ ...bad, event: { ...bad.event, body: { call: () => {} } } }]);
  const beside = ledger.commit([event(2)]);
  expect((await first).poison).toBeUndefined();
  expect(await poisoned).toMatchObject({
    applied: 0,
    cursors: [],
    poison: [{ op: 'event', pc, why: expect.stringContaining('could not be cloned') }],
  });
  expect(await beside).toMatchObject({ applied: 1 });
  const centres = ledger.commit([{ op: 'meta', key: 'k', value: (() => {}) as never }]);
  await expect(centres).rejects.toMatchObject({ code: 'other' });
  await ledger.close();
});

describe('the worker', () => {
  test('the worker thread of the ledger returns the receipts of many batches in order and writes all of them before it closes', async () => {
    const ledger = await openLedger({ file });
    const order: number[] = [];
    const receipts = [birth, ...Array.from({ length: 99 }, (_, index) => event(index + 1))].map(async (op, index) => {
      const receipt = await ledger.commit([op]);
      order.push(index);
      return receipt.cursors[0]?.upTo;
    });
    const loaded = ledger.load();
    await ledger.close();
    expect(await Promise.all(receipts)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(order).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect((await loaded).pcs).toEqual([]);
    await expect(ledger.load()).rejects.toThrow('the ledger is closed');
  });

  test('R20 when a commit fails, the batches that wait behind it fail with the same error; later requests succeed', async () => {
    const ledger = await openLedger({ file });
    await ledger.commit([birth]);
    const bad = { op: 'meta', key: 'k', value: {} } as unknown as Op;
    const outcomes = await Promise.allSettled([ledger.commit([bad]), ledger.commit([event(1)]), ledger.audit(), ledger.commit([event(2)])]);
    const [first, second, audit, third] = outcomes;
    expect([first, second, third].map((it) => it?.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect((second as PromiseRejectedResult).reason).toBe((first as PromiseRejectedResult).reason);
    expect(audit).toMatchObject({ status: 'fulfilled', value: { events: 0 } });
    expect((await ledger.commit([event(1)])).applied).toBe(1);
    await ledger.close();
  });

  test('F5 a full ledger rejects with the code `full`, keeps what it acknowledged, and accepts events after a restart with more room', async () => {
    const ledger = await openLedger({ file, limitMiB: 0.5 });
    await ledger.commit([birth]);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) => ledger.commit([event(index + 1, 'x'.repeat(20_000))])),
    );
    const acknowledged = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const failed = outcomes.find((it) => it.status === 'rejected');
    expect(failed?.reason).toMatchObject({ code: 'full' });
    expect((await ledger.audit()).events).toBe(acknowledged);
    await ledger.close();
    const larger = await openLedger({ file });
    expect((await larger.commit([event(acknowledged + 1)])).cursors[0]?.upTo).toBe(acknowledged + 1);
    await larger.close();
  });

  test('a second ledger on the file of an open ledger, and a damaged file, are each refused with one line', async () => {
    const ledger = await openLedger({ file });
    await expect(openLedger({ file })).rejects.toMatchObject({ code: 'busy', message: `another flows is using this ledger: ${file}` });
    await ledger.close();
    writeFileSync(file, 'no database');
    await expect(openLedger({ file })).rejects.toThrow(`the ledger ${file} is damaged (ledger: file is not a database)`);
  });
});

/** Script of a process that commits numbered events until it is killed. It prints the last number of each acknowledged batch. */
const writer = `
  const [ledgerUrl, file, from] = process.argv.slice(2);
  const { openLedger } = await import(ledgerUrl);
  const ledger = await openLedger({ file });
  const pc = '${pc}';
  let seq = Number(from);
  await ledger.commit([{ op: 'birth', pc, spool: 'a', first: seq + 1, last: seq + 1, carries: null, at: 1 }]);
  const event = () => ({ op: 'event', pc, event: { spool: 'a', seq: ++seq, boot: 'b', at: seq, grade: 'event', kind: 'test', body: {} }, at: 1 });
  const line = async () => {
    for (;;) {
      const ops = [event(), event(), event()];
      await ledger.commit(ops);
      await new Promise((written) => process.stdout.write(ops[2].event.seq + '\\n', written));
    }
  };
  await Promise.all([line(), line(), line(), line()]);
`;

function startWriter(from: number): ChildProcess {
  const ledgerUrl = new URL('./ledger.ts', import.meta.url).href;
  const script = join(folder, 'writer.mjs');
  writeFileSync(script, writer);
  const args = [script, ledgerUrl, file, String(from)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('R4 R20 acknowledged events survive kill -9, and a second process cannot open the ledger in use', {
  tags: ['long'],
}, async () => {
  let upTo = 0;
  for (const killAfter of [1, 40, 150]) {
    const child = startWriter(upTo);
    if (!child.stdout) throw new Error('no output');
    const acknowledged: number[] = [];
    let refused: Promise<unknown> | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(Number(line));
      refused ??= expect(openLedger({ file })).rejects.toThrow(`another flows is using this ledger: ${file}`);
      if (acknowledged.length === killAfter) {
        await refused;
        child.kill('SIGKILL');
      }
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    expect(acknowledged.length).toBeGreaterThanOrEqual(killAfter);
    const ledger = await openLedger({ file });
    const found = await ledger.audit();
    const [cursor] = (await ledger.commit([{ ...birth, first: 1, last: 1 } as Op])).cursors;
    expect(cursor?.upTo).toBeGreaterThanOrEqual(Math.max(...acknowledged));
    expect(found).toMatchObject({ events: cursor?.upTo, gaps: 0, twice: 0, integrity: 'ok' });
    upTo = found.events;
    await ledger.close();
  }
});
