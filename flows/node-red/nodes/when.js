export { default } from './kinds/when-node.ts';
