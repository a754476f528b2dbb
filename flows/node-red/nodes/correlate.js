export { default } from './kinds/correlate-node.ts';
