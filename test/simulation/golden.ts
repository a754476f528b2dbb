/**
 * Writes what later versions must take: a ledger of this version as text, `test/fixtures/ledgers/version-N.sql`, and what its agent and its centre say to
 * each other, `test/fixtures/talks/version-N.jsonl`. What stands there is never written again.
 */
import { existsSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { parseTopic } from '#contracts';
import { ledgerVersion, numberFrom } from '../../flows/ledger/schema.ts';
import { openStore } from '../../flows/ledger/store.ts';
import { centrePublicKey } from '../centre-key.ts';
import { goldenFile, talkFile } from './golden-files.ts';
import { goldenRows } from './golden-rows.ts';
import { atRest, camera, microphone, minute, order } from './scene.ts';
import { epochMs } from './time.ts';
import { createWorld, type World } from './world.ts';

const files = { ledger: goldenFile(ledgerVersion), talk: talkFile(ledgerVersion) };
for (const file of Object.values(files)) if (existsSync(file)) throw new Error(`${file} is there, and is never written again`);
const world = await played();
openStore(world.centre.db()).commit([goldenRows(epochMs + 25 * minute)]);
writeFileSync(files.ledger, textOf(world.centre.db()));
writeFileSync(files.talk, await talked());
// The Node-RED of the worlds would keep the process alive.
process.exit();

/** One incident is over, with who saw to it and a note; another is open, and its next level waits for its time. */
async function played(): Promise<World> {
  const made = await atRest({ pcs: 2, sites: 2 });
  microphone(made, 'microphone.missing');
  await made.pass(3 * minute);
  await order(made, (view) => view.acknowledge(1, 'Asha'));
  await order(made, (view) => view.note(1, 'Asha', 'A cable is ordered'));
  microphone(made, null);
  await made.pass(12 * minute);
  camera(made, 'camera.missing', 1);
  await made.pass(3 * minute);
  await order(made, (view) => view.acknowledge(2, 'Meera'));
  await made.pass(minute);
  made.centre.kill();
  return made;
}

/** A PC comes, breaks, is ordered something, is well again, goes, comes back and dies: a line each message, behind the key of the centre. */
async function talked(): Promise<string> {
  const made = createWorld({ seed: 11 });
  const lines = [JSON.stringify({ key: centrePublicKey.export({ type: 'spki', format: 'pem' }) })];
  made.broker.intercept((topic, payload) => {
    if (parseTopic(topic)?.kind !== 'hearing') lines.push(JSON.stringify({ at: made.time.now(), topic, payload: payload.toString() }));
    return false;
  });
  made.boot();
  await made.pass(minute);
  microphone(made, 'microphone.missing');
  await made.pass(2 * minute);
  microphone(made, null);
  await made.pass(minute);
  void made.centre.centre()?.view.commands.issue({ to: made.pc(0).path, verb: 'probe-now', args: {}, by: 'Asha' });
  await made.pass(minute / 2);
  made.pc(0).stop();
  await made.pass(minute);
  made.pc(0).start();
  await made.pass(minute);
  made.pc(0).kill();
  await made.pass(minute);
  return `${lines.join('\n')}\n`;
}

/** The whole database as SQL, which anybody can read and nobody needs a tool for. */
function textOf(db: DatabaseSync): string {
  const parts = db.prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY rowid").all();
  const tables = parts.filter(({ type }) => type === 'table');
  const indexes = parts.filter(({ type }) => type !== 'table');
  return [
    `PRAGMA auto_vacuum = ${numberFrom(db, 'PRAGMA auto_vacuum')};`,
    ...tables.map(({ sql }) => `${sql};`),
    ...[...tables.map(({ name }) => String(name)), 'sqlite_sequence'].flatMap((name) => rowsOf(db, name)),
    ...indexes.map(({ sql }) => `${sql};`),
    `PRAGMA user_version = ${ledgerVersion};`,
    '',
  ].join('\n');
}

function rowsOf(db: DatabaseSync, table: string): string[] {
  const columns = db.prepare(`PRAGMA table_info(${table})`).all();
  const values = columns.map(({ name }) => `quote("${name}")`).join(" || ', ' || ");
  return db
    .prepare(`SELECT ${values} AS row FROM ${table}`)
    .all()
    .map(({ row }) => `INSERT INTO ${table} VALUES (${row});`);
}
