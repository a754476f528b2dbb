/** Creates a PC that counts its executed commands, and a server that signs commands. Each PC has its own spool. */
import { DatabaseSync } from 'node:sqlite';
import { type Command, type CommandAnswer, type CommandResult, commandLifeMs, type Verb, verbNames } from '@sabha/contracts';
import { centrePublicKey, sealed } from '../../../test/centre-key.ts';
import { handClock, seeded } from '../../checks/agent.test-helper.ts';
import { openSpoolDisk, type SpoolDisk } from '../../uplink/spool/database.ts';
import { openSpool } from '../../uplink/spool/spool.ts';
import { type CommandActions, createCommands } from './commands.ts';

export const pc = 'up/lucknow/room-1';

export type CommandsSetup = {
  db?: DatabaseSync;
  disk?: SpoolDisk;
  clock?: ReturnType<typeof handClock>;
  boot?: string;
  offsetMs?: number | null;
  act?: (verb: Verb) => Promise<CommandResult>;
};

export function setUp(given: CommandsSetup = {}) {
  const { db = new DatabaseSync(':memory:'), clock = handClock(), boot = 'boot-1', act = async () => ({ outcome: 'done' }) } = given;
  const spool = openSpool({ disk: given.disk ?? openSpoolDisk(db), clock, random: seeded(3), boot });
  const done: Verb[] = [];
  const refused: string[] = [];
  const state = { offsetMs: given.offsetMs === undefined ? 0 : given.offsetMs };
  const acts = Object.fromEntries(
    verbNames.map((verb) => [
      verb,
      () => {
        done.push(verb);
        return act(verb);
      },
    ]),
  ) as unknown as CommandActions;
  const commands = createCommands({
    pc,
    key: centrePublicKey,
    boot,
    spool,
    clock,
    offsetMs: () => state.offsetMs,
    acts,
    answer: (body) => spool.append('command', body).ok,
    onRefused: (reason) => refused.push(reason),
  });
  const answers = () => spool.after(0, 9_999).flatMap(({ kind, body }) => (kind === 'command' ? [body as CommandAnswer] : []));
  const order = (edit: Partial<Command> = {}): Command => ({
    id: 'c-1',
    to: pc,
    verb: 'restart-sound',
    args: {},
    notBefore: clock.now(),
    expires: clock.now() + commandLifeMs,
    counter: clock.now(),
    ...edit,
  });
  const take = async (edit: Partial<Command> = {}) => {
    commands.take(sealed(order(edit)));
    await clock.pass(0);
  };
  return { db, clock, spool, done, refused, state, commands, answers, order, take };
}
