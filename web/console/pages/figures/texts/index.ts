import { de } from './de';
import { en } from './en';

export type FigureWords = typeof de;
export const texts = { de, en };
