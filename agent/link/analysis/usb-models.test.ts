import { expect, test } from 'vitest';
import { usbModelIn } from '../../platform/questions/usb.ts';

test('a device is known by vendor and product in its id, in any case, and by nothing like it', () => {
  expect(usbModelIn('usb-046d:082d-A1B2')).toEqual({ name: 'Logitech C920', kind: 'camera' });
  expect(usbModelIn('046D:082D')?.name).toBe('Logitech C920');
  expect(usbModelIn('2574:0910')?.name).toBe('AVer CAM520');
  for (const id of ['', 'video0', '046d082d', '046d:082', 'a046d:082d', '046d:082d0', '__proto__', 'ffff:ffff', '4:6:046d'])
    expect(usbModelIn(id), id).toBeUndefined();
});
