import { de } from './de';
import { en } from './en';

export const texts = { de, en };
