export { default } from './kinds/incident-node.ts';
