/** Tests the rules for notifications on the tabs; `policy.long.test.ts` has more cases. */
import { describe, test } from 'vitest';
import { centralHearsWithout, holdMs, incident, ofRoom, open, receivers, throwing } from './tabs-scene.ts';

describe.concurrent('the rules for notifications on the tabs', () => {
  test('unchanged tabs send a muted microphone as major to the technician only', { tags: ['long'] }, async ({ expect, onTestFinished }) => {
    const { mailbox, pc } = await open(onTestFinished);
    pc.set('microphone', 'room', 'microphone.muted', 'RoomMic');
    await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['asha@office.test']);
    expect(ofRoom(mailbox)[0]?.subject).toMatch(/^Leh office, Ladakh: Major: /);
  });

  test("R24 without the wire [ 'faults-to-who', 'when-in' ] central is notified by the default route", { tags: ['long'] }, (context) =>
    centralHearsWithout(['faults-to-who', 'when-in'], holdMs, context),
  );

  test('an error in a node is caught, reported to central, and named in the history of the incident', { tags: ['long'] }, async ({
    expect,
    onTestFinished,
  }) => {
    const { parts, mailbox, pc } = await open(onTestFinished, (nodes) =>
      nodes.map((node) => (node.id === 'who-technician' ? throwing(node) : node)),
    );
    pc.set('microphone', 'room', 'microphone.muted', 'RoomMic');
    await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['meera@office.test']);
    expect(ofRoom(mailbox)[0]?.subject).toMatch(/^Leh office, Ladakh: Major: Microphone muted/);
    expect((await incident(parts))?.history[0]?.conclusion).toMatch(/error on the tab: .*broken on purpose.*who-technician/);
  });
});
