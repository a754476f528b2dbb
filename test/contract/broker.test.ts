import { describeBroker } from './broker-suite.ts';
import { startOwnBroker } from './broker-under-test.ts';

describeBroker('aedes, embedded', startOwnBroker);
