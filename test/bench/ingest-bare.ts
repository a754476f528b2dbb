/**
 * A minimal reader of events that stores them as durably: mqtt.js, JSON.parse and a switch. A worker thread writes events to one table of
 * node:sqlite, with the journal mode of the ledger. The reader acknowledges events when they are on disk. While one batch is written, the
 * next batch collects. The reader decodes nothing else, and knows no PC, state or incident. Its metrics have the names of those of `flows`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { connect, type MqttClient } from 'mqtt';
import { createMetrics } from '../../flows/metrics.ts';

type Kept = { pc: string; spool: string; seq: number; text: string };

if (isMainThread) await read(process.argv.slice(2));
else keep(workerData);

async function read([mqttPort, countPort, username, password, file]: string[]): Promise<void> {
  const { count, registry } = createMetrics({ outboxWaiting: () => 0, commitMs: () => 0 });
  const store = new Worker(new URL(import.meta.url), { workerData: file });
  const client = connect({ host: '127.0.0.1', port: Number(mqttPort), clientId: 'flows', username, password, clean: true } as object);
  let waiting: Kept[] = [];
  let isBusy = false;
  const commit = async () => {
    for (isBusy = true; waiting.length > 0; ) {
      const [batch, startedAt] = [waiting, performance.now()];
      waiting = [];
      store.postMessage(batch);
      await once(store, 'message');
      count.commit('ok', (performance.now() - startedAt) / 1_000);
      acknowledge(client, batch);
    }
    isBusy = false;
  };
  client.on('message', (topic, payload) => {
    const [pc, leaf] = [topic.split('/').slice(2, 5).join('/'), topic.split('/').at(-1)];
    const message = JSON.parse(payload.toString());
    switch (leaf) {
      case 'event':
      case 'backlog':
        for (const one of [message].flat()) waiting.push({ pc, spool: one.spool, seq: one.seq, text: JSON.stringify(one) });
        count.message(leaf, 'ok');
        if (!isBusy) void commit();
        break;
      case 'beat':
        count.message(leaf, message.digest ? 'same' : 'other');
        break;
    }
  });
  const leaves = ['beat', 'event', 'backlog'].map((leaf) => `sabha/v1/+/+/+/${leaf}`);
  client.on('connect', () => client.subscribe(leaves, { qos: 1 }, () => process.stdout.write('subscribed\n')));
  createServer(async (_, response) => response.end(await registry.metrics())).listen(Number(countPort), '127.0.0.1');
}

function acknowledge(client: MqttClient, batch: readonly Kept[]): void {
  const last = new Map(batch.map(({ pc, spool, seq }) => [pc, { spool, upTo: seq }]));
  for (const [pc, cursor] of last) client.publish(`sabha/v1/${pc}/ack`, JSON.stringify({ ...cursor, at: Date.now() }));
}

/** The worker thread: it writes each batch in one transaction and responds after the commit. */
function keep(file: string): void {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000');
  db.exec('CREATE TABLE IF NOT EXISTS events (spool TEXT, seq INTEGER, pc TEXT, text TEXT, PRIMARY KEY (spool, seq, pc)) WITHOUT ROWID');
  const write = db.prepare('INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)');
  parentPort?.on('message', (batch: Kept[]) => {
    db.exec('BEGIN IMMEDIATE');
    for (const { spool, seq, pc, text } of batch) write.run(spool, seq, pc, text);
    db.exec('COMMIT');
    parentPort?.postMessage('kept');
  });
}
