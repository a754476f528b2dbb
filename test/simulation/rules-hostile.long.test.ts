// @module-tag long
/** Tests S21: an admitted PC that sends anything hides no fault of others, and causes at most three messages an hour to a person. */
import { expect, test } from 'vitest';
import { reportFigure } from '../figures.ts';
import { mailsOfHostile } from './audit.ts';
import { attackNames } from './hostile.ts';
import { rowsOf } from './rows.ts';
import { atRest, complaints, mailTo, microphone, minute, presenceAt, second } from './scene.ts';

const attackMs = 2 * minute;

test.for(attackNames.map((name, choice) => ({ name, choice })))(
  'S21 a hostile PC that sends $name causes few messages, and the fault of another PC is notified in time',
  async ({ name, choice }) => {
    const world = await atRest({ pcs: 5, hostile: true });
    world.hostile?.begin(choice);
    await world.pass(minute);
    microphone(world, 'microphone.missing');
    await world.pass(attackMs - minute);
    const told = mailTo(world, 'asha').filter((subject) => /Microphone not found/.test(subject) && /Room pc-1$/.test(subject));
    expect(told.length).toBeGreaterThan(0);
    world.hostile?.end();
    await world.pass(10 * second);
    expect(world.pcs.map((_, pc) => presenceAt(world, pc))).toEqual(world.pcs.map(() => 'online'));
    await world.pass(58 * minute);
    const mails = Object.values(Object.groupBy(mailsOfHostile(world, rowsOf(world)), ({ person }) => person));
    expect(Math.max(0, ...mails.map((all = []) => all.length))).toBeLessThanOrEqual(3);
    expect(await complaints(world)).toEqual([]);
    const about = world.centre.post.deliveries.filter(({ channel, subject }) => channel === 'email' && subject.endsWith('Room pc-x'));
    reportFigure('S21', `${name}, for 2 min: ${about.length} messages about it within an hour, the fault of another told in its time`);
  },
);
