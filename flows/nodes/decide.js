export { default } from './decide-node.ts';
