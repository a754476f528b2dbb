/** The last gasp: said once in a power cut, as soon as battery or UPS is about to end. */
import type { PowerState } from '../checks/probe.ts';

/** Guarantee: once for each time that the power was about to end; what found no connection is said again at the next look. */
export function createGasp({ say }: { say(runtimeMs: number | null): Promise<boolean> }): (power: PowerState) => void {
  let isSaid = false;
  return ({ onMains, isEnding, runtimeMs }) => {
    // Nobody knows for a moment is no end of the power cut.
    if (onMains === true) isSaid = false;
    if (!isEnding || isSaid) return;
    isSaid = true;
    void say(runtimeMs).then((done) => {
      if (!done) isSaid = false;
    });
  };
}
