import { IsOptional, Matches } from 'class-validator';
import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import type { Locale } from './published-offer';

/** A language tag (BCP 47). */
export const IsLocale = () =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'string',
      description: 'Language (BCP 47) of the texts: de or en, also de-AT; any other one gets the programme’s own.',
      example: 'de',
    }),
    IsOptional(),
    Matches(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$/, { message: 'locale must be a language tag like de or en-GB' }),
  );

/** The language that a tag asks for, if notices are written in it. */
export function localeOf(tag: string | undefined): Locale | undefined {
  const language = tag?.split('-')[0]?.toLowerCase();
  return language === 'de' || language === 'en' ? language : undefined;
}
