import { describe } from 'vitest';
import { describeBroker } from '../contract/broker-suite.ts';
import { mosquittoFound, startMosquitto } from './mosquitto-under-test.ts';
import { requirePart } from './parts.ts';

/** Runs the contract of the broker against mosquitto. mosquitto-own.test.ts tests the behaviour behind each exception. */
describe.runIf(requirePart('mosquitto', mosquittoFound()))('mosquitto with our configuration', () => {
  describeBroker('mosquitto', startMosquitto, {
    'client id': 'mosquitto puts the user name in the place of the client id',
    'refused filter': 'its access list grants every subscription and judges each delivery',
    'quiet retain': 'it ends the connection at a retained publish',
    'will on presence only': 'its access list knows no difference between a will and a publish',
    'retained will': 'it refuses the connection at a retained will',
  });
});
