/** Sends the last gasp, once in a mains outage, when the battery or UPS is about to end. */
import type { PowerState } from '../checks/probe.ts';

/** Guarantee: sends one last gasp per mains outage. Without a connection it is sent again at the next power reading. */
export function createLastGasp({ say }: { say(runtimeMs: number | null): Promise<boolean> }): (power: PowerState) => void {
  let isSaid = false;
  return ({ onMains, isEnding, runtimeMs }) => {
    // Only known mains power ends the outage; an unknown state does not.
    if (onMains === true) isSaid = false;
    if (!isEnding || isSaid) return;
    isSaid = true;
    void say(runtimeMs).then((done) => {
      if (!done) isSaid = false;
    });
  };
}
