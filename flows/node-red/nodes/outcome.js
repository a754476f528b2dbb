export { default } from './kinds/outcome-node.ts';
