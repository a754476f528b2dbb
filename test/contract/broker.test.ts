import { noRateLimits } from '../../broker/protection/limits.ts';
import { describeBroker } from './broker-suite.ts';
import { startOwnBroker } from './broker-under-test.ts';

// The broker has no rate limit here, because the suite sends the load of hundreds of PCs as one PC.
describeBroker('aedes, embedded', (settings) => startOwnBroker({ ...settings, ...noRateLimits }));
