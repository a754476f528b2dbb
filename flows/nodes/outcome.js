export { default } from './outcome-node.ts';
