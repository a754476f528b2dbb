import { withoutPace } from '../../broker/protection/limits.ts';
import { describeBroker } from './broker-suite.ts';
import { startOwnBroker } from './broker-under-test.ts';

// The suite sends as one PC what hundreds would.
describeBroker('aedes, embedded', (settings) => startOwnBroker({ ...settings, ...withoutPace }));
