/** What the worker needs of redemptions, without a framework. */
export { expireHolds, withOverdueHolds } from './expire-holds';
