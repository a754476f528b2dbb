/**
 * Reads `sabha.json` with its notification channels. As a program it checks a file: it prints one line and sets exit code 1 if something is
 * wrong.
 */
import { type Clock, issueText, isWorldReadable, loadText, readSettings, type Settings } from '@sabha/contracts';
import * as v from 'valibot';
import type { Ledger } from './engine/records/ops.ts';
import { addressProblem, type ChannelSettings, channelProblem, channelSettings, secretsIn } from './notify/people/channels/channels.ts';
import { reservedWord } from './notify/roster/book.ts';

export type FlowsSettings = Settings & { channels: ChannelSettings };

export type Log = Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;

/** Dependencies that most parts of `flows` need. `dataDir`: the data folder of `flows`. */
export type Base = { settings: FlowsSettings; dataDir: string; clock: Clock; ledger: Ledger; log: Log };

type SettingsResult = { ok: true; value: FlowsSettings } | { ok: false; line: string };

/** Validates the text of `sabha.json`. Rejects unknown keys and channels, reserved names, and addresses of people that no channel uses. */
export function readFlowsSettings(text: string, file = 'sabha.json'): SettingsResult {
  const settings = readSettings(text, file);
  if (!settings.ok) return settings;
  const read = v.safeParse(v.object({ channels: channelSettings }), settings.value);
  if (!read.success) return { ok: false, line: `${file}: ${issueText(read.issues[0])}` };
  const value: FlowsSettings = { ...settings.value, ...read.output };
  const stray = firstUnknown(value);
  return stray === undefined ? { ok: true, value } : { ok: false, line: `${file}: ${stray}` };
}

/** Loads and validates a settings file. Rejects one that contains secrets and is readable by every user of the machine. */
export function loadFlowsSettings(file: string): SettingsResult {
  const read = readFlowsSettings(loadText(file), file);
  if (!read.ok) return read;
  const { channels, communityNodes } = read.value;
  const [secret] = [...secretsIn(channels), ...(Object.keys(communityNodes.credentials).length > 0 ? ['communityNodes.credentials'] : [])];
  if (secret === undefined || !isWorldReadable(file)) return read;
  return { ok: false, line: `${file}: contains ${secret}, and every user can read it: run chmod 600 ${file}` };
}

function firstUnknown({ people, channels }: FlowsSettings): string | undefined {
  return people
    .flatMap(({ id, role, groups = [], addresses, channels: order = [] }, at) => [
      // A role name is reserved, except for a person who has this role.
      ...[id, ...groups].map((word) => ({ at: `people.${at}`, wrong: word === role ? undefined : reservedWord(word) })),
      ...Object.keys(addresses).map((name) => ({ at: `people.${at}.addresses.${name}`, wrong: addressProblem(name, channels) })),
      ...order.map((name, place) => ({ at: `people.${at}.channels.${place}`, wrong: channelProblem(name, channels) })),
    ])
    .filter(({ wrong }) => wrong !== undefined)
    .map(({ at, wrong }) => `${at}: ${wrong}`)[0];
}

if (import.meta.main) {
  const [file = ''] = process.argv.slice(2);
  const read = loadFlowsSettings(file);
  if (!read.ok) process.stderr.write(`${read.line}\n`);
  process.exitCode = read.ok ? 0 : 1;
}
