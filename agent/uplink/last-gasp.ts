/** The last gasp: sent once in a mains outage, as soon as the battery or UPS is about to end. */
import type { PowerState } from '../checks/probe.ts';

/** Guarantee: sends one last gasp per mains outage. Without a connection it is sent again at the next reading. */
export function createLastGasp({ say }: { say(runtimeMs: number | null): Promise<boolean> }): (power: PowerState) => void {
  let isSaid = false;
  return ({ onMains, isEnding, runtimeMs }) => {
    // An unknown mains state does not end the outage.
    if (onMains === true) isSaid = false;
    if (!isEnding || isSaid) return;
    isSaid = true;
    void say(runtimeMs).then((done) => {
      if (!done) isSaid = false;
    });
  };
}
