import { expect, test } from 'vitest';
import { meetsCondition, readCondition, readRecipientRule, readUrgency, recipientsNow, urgencyNow } from './rules.ts';
import { wireMessage } from './tabs.test-helper.ts';

const told = (config: object, to: string[] = []) => {
  const read = readRecipientRule(config);
  return read.ok ? recipientsNow(wireMessage({ to }, { told: ['ravi'] }), read.value) : read.line;
};

test.each([
  ['set', ['state'], ['asha'], ['state']],
  ['keep', ['state'], ['asha'], ['asha']],
  ['keep', ['state'], [], ['state']],
  ['told', [], ['asha'], ['ravi']],
  ['also', [], ['asha'], ['asha', 'ravi']],
])('a who node in the mode %s with %j changes the recipients %j to %j', (mode, to, before, after) => {
  expect(told({ mode, to }, before)).toEqual(after);
});

test.each([
  [{ mode: 'set', to: [] }, 'nobody is chosen'],
  [{ mode: 'all', to: ['state'] }, 'mode: expected ("set" | "keep" | "told" | "also"), found "all"'],
])('the dialog of a who node with %j is refused in one line', (config, line) => {
  expect(told(config)).toContain(line);
});

const minute = 60_000;
const judged = (config: object, message = wireMessage({ severity: 'major', holdMs: 20_000 })) => {
  const read = readUrgency({ severity: '', hold: 'keep', ...config });
  return read.ok ? urgencyNow(message, read.value) : read.line;
};

test.each<[object, object]>([
  [{}, { severity: 'major', holdMs: 20_000 }],
  [{ severity: 'critical' }, { severity: 'critical', holdMs: 20_000 }],
  [
    { hold: 'atLeast', duration: '3', unit: 'min' },
    { severity: 'major', holdMs: 3 * minute },
  ],
  [
    { hold: 'atMost', duration: '0', unit: 'min' },
    { severity: 'major', holdMs: 0 },
  ],
  [
    { hold: 'atLeast', duration: '3', sparesCritical: true },
    { severity: 'major', holdMs: 3 * minute },
  ],
  [
    { severity: 'critical', hold: 'atLeast', duration: '3', sparesCritical: true },
    { severity: 'critical', holdMs: 20_000 },
  ],
])('the urgency node with %j: result for a major fault with a hold of 20 s is %j', (config, after) => {
  expect(judged(config)).toEqual(after);
});

test('a hold until a time of day ends at its next occurrence in the zone, also across a clock change', () => {
  const from = (at: number) => wireMessage({ transition: { id: 1, offer: 1, kind: 'raised', at } });
  const hold = (at: number, zone = 'Asia/Kolkata') => judged({ hold: 'until', at: '09:00', zone }, from(at));
  const nine = Date.UTC(2027, 0, 15, 3, 30);
  expect(hold(nine)).toMatchObject({ holdMs: 0 });
  expect(hold(nine + 1)).toMatchObject({ holdMs: 24 * 60 * minute - 1 });
  expect(hold(nine - 10 * minute + 0.5)).toMatchObject({ holdMs: 10 * minute - 0.5 });
  // Berlin sets its clocks forward in the night to 28 March 2027, so 21:00 to 09:00 are eleven hours.
  expect(hold(Date.UTC(2027, 2, 27, 20), 'Europe/Berlin')).toMatchObject({ holdMs: 11 * 60 * minute });
});

test.each([
  [{ hold: 'atLeast', duration: '' }, 'no time to hold: "" is not a number'],
  [{ hold: 'until', at: '25:00', zone: 'Asia/Kolkata' }, '"25:00" is not a time of day such as 09:00'],
  [{ hold: 'until', at: '09:00', zone: 'Asia/Leh' }, '"Asia/Leh" is neither a time zone such as Asia/Kolkata nor a site'],
  [{ severity: 'urgent' }, 'severity: expected'],
])('the dialog of an urgency node with %j is refused in one line', (config, line) => {
  expect(judged(config)).toContain(line);
});

test('the zone "site" uses the time zone of the site, or that of India if the message names none', () => {
  const at = Date.UTC(2027, 0, 15, 0, 0);
  const transition = { id: 1, offer: 1, kind: 'raised', at } as const;
  const hoursIn = (timeZone?: string) => {
    const found = judged(
      { hold: 'until', at: '09:00', zone: 'site' },
      wireMessage({ transition }, timeZone === undefined ? {} : { timeZone }),
    );
    return typeof found === 'string' ? found : found.holdMs / 3_600_000;
  };
  expect([hoursIn('Asia/Kolkata'), hoursIn('Asia/Dhaka'), hoursIn('UTC'), hoursIn()]).toEqual([3.5, 3, 9, 3.5]);
});

const asked = (config: object, change: Partial<Parameters<typeof meetsCondition>[0]>) => {
  const read = readCondition(config);
  return read.ok ? meetsCondition({ fault: '', faults: [], to: [], ...change }, read.value) : read.line;
};

test.each<[object, Partial<Parameters<typeof meetsCondition>[0]>, boolean | string]>([
  [{ about: 'faults', list: ['link.*'] }, { fault: 'link.loss_high' }, true],
  [{ about: 'faults', list: ['power.on_battery'] }, { fault: 'power.on_battery' }, true],
  [
    { about: 'faults', of: 'all', list: ['climate.*'] },
    { fault: 'climate.dry_air', faults: ['climate.dry_air', 'climate.cold_start'] },
    true,
  ],
  [{ about: 'faults', of: 'all', list: ['climate.*'] }, { faults: ['climate.dry_air', 'microphone.missing'] }, false],
  [{ about: 'told', list: ['central'] }, { to: ['state', 'central'] }, true],
  [{ about: 'told', list: [] }, {}, 'nothing is chosen'],
  [{ about: 'faults', list: ['link.gone'] }, {}, 'there is no fault "link.gone"'],
])('the condition %j of a which node returns for the message %j: %s', (config, change, is) => {
  expect(asked(config, change)).toBe(is);
});
