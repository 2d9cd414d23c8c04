export { forgetOldKeys } from './forget-old-keys';
