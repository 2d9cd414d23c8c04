export { grantOwed } from './rewards';
