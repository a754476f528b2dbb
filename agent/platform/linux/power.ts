/** Mains and batteries by /sys/class/power_supply. */
import { join } from 'node:path';
import type { PowerFigures } from '../platform.ts';
import { readNames, readNumber, readText } from './files.ts';

type Supply = Awaited<ReturnType<typeof readSupply>>;

const none: PowerFigures = { onMains: null, batteryChargeRatio: null, isCharging: false, runtimeMs: null, batteryCelsius: null };
/** A sensor that says less or more is none. */
const believedCelsius = { least: -40, most: 90 };

/** Guarantee: a battery of a mouse or headset is not the PC's; a PC without a battery gives no answer, whatever its mains supply says. */
export async function readPower(root: string): Promise<PowerFigures> {
  const folder = join(root, 'sys/class/power_supply');
  const supplies: Supply[] = [];
  for (const name of (await readNames(folder)) ?? []) {
    if ((await readText(join(folder, name, 'scope'))) !== 'Device') supplies.push(await readSupply(join(folder, name)));
  }
  const batteries = supplies.filter((one) => one.type === 'Battery' && one.charge !== null);
  if (batteries.length === 0) return none;
  const charges = batteries.map((one) => one.charge ?? 0);
  const celsius = batteries.flatMap((one) => one.celsius ?? []);
  const runtimes = batteries.flatMap((one) => one.runtimeMs ?? []);
  return {
    onMains: onMains(supplies, batteries),
    batteryChargeRatio: charges.reduce((sum, one) => sum + one, 0) / charges.length,
    isCharging: batteries.some((one) => one.status === 'Charging'),
    // Of several batteries one is emptied after the other.
    runtimeMs: runtimes.length === 0 ? null : runtimes.reduce((sum, one) => sum + one, 0),
    batteryCelsius: celsius.length === 0 ? null : Math.min(...celsius),
  };
}

async function readSupply(folder: string) {
  const capacity = await readNumber(join(folder, 'capacity'));
  const absent = (await readNumber(join(folder, 'present'))) === 0;
  const status = await readText(join(folder, 'status'));
  return {
    type: await readText(join(folder, 'type')),
    status,
    online: (await readNumber(join(folder, 'online'))) === 1,
    charge: capacity === undefined || absent ? null : Math.min(1, Math.max(0, capacity / 100)),
    celsius: celsiusOf(await readNumber(join(folder, 'temp'))),
    runtimeMs: status === 'Discharging' ? await runtimeMsOf(folder) : null,
  };
}

/** The kernel counts in tenths of a degree; a plain 0 is what firmware without a sensor says. */
function celsiusOf(tenths: number | undefined): number | null {
  if (tenths === undefined || tenths === 0) return null;
  const celsius = tenths / 10;
  return celsius >= believedCelsius.least && celsius <= believedCelsius.most ? celsius : null;
}

/** What is left by what is drawn, as energy or as charge. */
async function runtimeMsOf(folder: string): Promise<number | null> {
  for (const [left, drawn] of [
    ['energy_now', 'power_now'],
    ['charge_now', 'current_now'],
  ] as const) {
    const [amount, rate] = [await readNumber(join(folder, left)), await readNumber(join(folder, drawn))];
    if (amount !== undefined && rate) return Math.round((amount / Math.abs(rate)) * 3_600_000);
  }
  return null;
}

/** Some machines show no mains supply at all: there a battery that is not being emptied says it. */
function onMains(supplies: Supply[], batteries: Supply[]): boolean {
  const mains = supplies.filter((one) => one.type === 'Mains' || one.type === 'USB');
  if (mains.some((one) => one.online)) return true;
  return mains.length === 0 && !batteries.some((one) => one.status === 'Discharging');
}
