export { default } from './kinds/wait-node.ts';
