export { default } from './wait-node.ts';
